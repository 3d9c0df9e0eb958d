"""The pictures a detector is calibrated with and the held-out ones it is judged by; never the same.

Understands folders of labelled boxes and a plain folder of pictures.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.errors import UsageError
from edgevision.types import ImageBgr
from export.detect.config import DetectData
from export.detect.folder import is_labelled, read_boxes, read_splits
from export.detect.sample import BoxSample
from export.materials import Materials, evenly, materials_of_plain_folder

__all__ = ["open_detect_materials"]


def open_detect_materials(
    source: str | None,
    labels: Sequence[str],
    config: dict[str, Any],
    *,
    pairs: bool,
    calibration: int,
    held_out: int,
) -> Materials[BoxSample]:
    """Open what `--data` names.

    Args:
        source: A folder.
        labels: Of the model.
        config: The training configuration as plain values; empty when there is none.
        pairs: Whether each picture needs its reference.
        calibration: Most pictures to calibrate with.
        held_out: Most pictures to judge by.

    Raises:
        UsageError: there are no usable pictures.
    """
    if source is None:
        raise UsageError("expected pictures to calibrate with and to judge by; name a folder with --data")
    folder = Path(source)
    if not is_labelled(folder):
        if pairs:
            raise UsageError(f"{folder}: expected a VOC folder with templates/ for a pair model")
        return materials_of_plain_folder(folder, calibration, held_out, _unlabelled)
    data = DetectData.model_validate(config.get("data", {}))
    train = read_splits(folder, data.calibrating, labels, pairs=pairs)
    val = read_boxes(folder, data.val, labels, pairs=pairs)
    return Materials(
        [train[index] for index in evenly(len(train), calibration)],
        train.description,
        [val[index] for index in evenly(len(val), held_out)],
        val.description + (" (trained on as well)" if data.is_refit else ""),
    )


def _unlabelled(name: str, image_bgr: ImageBgr) -> BoxSample:
    return BoxSample(
        name, image_bgr, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    )
