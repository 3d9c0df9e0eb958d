"""Brings labelled pictures to a classifier's input by the device's code; changes them for training."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.ops.image import letterbox, stretch, to_model_color
from edgevision.types import ImageBgr
from export.classify.config import ClassifyConfig, ClassView
from export.classify.folder import ClassSample
from export.data.augment import draw_affine, photograph

__all__ = ["Batch", "class_batches", "fitted"]

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
"""(N, H, W, C) pictures in the model's colours, and (N,) class ids."""


def fitted(image_bgr: ImageBgr, view: ClassView) -> ImageBgr:
    """Return (H, W, 3) at the size of the model's input."""
    if view.scaling == "letterbox":
        return letterbox(image_bgr, view.size_wh, bars="grey")[0]
    return stretch(image_bgr, view.size_wh)


def class_batches(config: ClassifyConfig, samples: Sequence[ClassSample], epoch: int) -> Iterator[Batch]:
    """Yield an epoch's batches, the same for the same seed and epoch."""
    rng = np.random.default_rng([config.seed, epoch])
    class_ids = np.array([sample.class_id for sample in samples])
    counts = np.bincount(class_ids, minlength=len(config.labels))
    weights = 1 / counts[class_ids] if config.balanced else np.ones(len(samples))
    for _ in range(config.optimisation.batches_per_epoch):
        size = config.optimisation.batch_size
        chosen = rng.choice(len(samples), size, p=weights / weights.sum()).tolist()
        images = [_changed(rng, samples[index].image_bgr, config) for index in chosen]
        yield np.stack(images), class_ids[chosen]


def _changed(rng: np.random.Generator, image_bgr: ImageBgr, config: ClassifyConfig) -> npt.NDArray[np.uint8]:
    size_wh = config.view.size_wh
    middle = ((size_wh[0] - 1) / 2, (size_wh[1] - 1) / 2)
    matrix = draw_affine(rng, config.augmentation, middle, size_wh)
    canvas = fitted(image_bgr, config.view)
    turned = cv2.warpAffine(canvas, matrix, size_wh, borderMode=cv2.BORDER_REFLECT_101)
    shown = photograph(rng, np.asarray(turned, np.uint8), config.augmentation)
    return to_model_color(shown, config.view.color)
