"""Whom an embedder is calibrated with and whom it is judged by; never the same."""

from pathlib import Path
from typing import Any

from edgevision.errors import UsageError
from export.embed.people import FIRST_UNSEEN, Cast, cast_of_faces, cast_of_folder, cast_of_line
from export.materials import line_seed

__all__ = ["open_casts"]

_LINE_SEED = 31
_CALIBRATION_VARIANTS = FIRST_UNSEEN - 10_000
_PROBES_EACH = 4
"""Three of an enrolled variant, one of another."""


def open_casts(
    source: str | None, training: dict[str, Any], *, calibration: int, held_out: int
) -> tuple[Cast, Cast]:
    """Open what `--data` names.

    Args:
        source: `sample:SEED`, or a folder with a folder for each identity; None for what a model of
            marks or of drawn faces was trained for.
        training: The training configuration as plain values; empty when there is none.
        calibration: Most pictures to calibrate with.
        held_out: Most probes to judge by.

    Raises:
        UsageError: there are no usable pictures.
    """
    seed = _LINE_SEED if source is None and training.get("data", {}).get("kind") == "marks" else None
    if source is not None:
        seed = line_seed(source)
    if seed is not None:
        calibrating = cast_of_line(seed + 1, calibration // 6, calibration % 6, _CALIBRATION_VARIANTS)
        return calibrating, cast_of_line(
            seed, max(held_out // _PROBES_EACH, 2), max(held_out // _PROBES_EACH, 2)
        )
    if source is None and training.get("data", {}).get("kind") == "drawn-faces":
        side_px, first = training["network"]["side_px"], training["data"]["identities"]
        each = max(held_out // _PROBES_EACH, 2)
        calibrating = cast_of_faces(side_px, first, calibration // 6, calibration % 6)
        return calibrating, cast_of_faces(side_px, first + calibration, each, each)
    if source is None:
        raise UsageError("expected pictures to calibrate with and to judge by; name a folder with --data")
    cast = cast_of_folder(Path(source))
    return Cast(f"{cast.description}, the gallery", cast.gallery, ()), cast
