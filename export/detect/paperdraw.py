"""The augmentation of the SSD paper: light, expansion, crops that keep an overlap with an object, mirror.

After W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, section 2.2 and its implementation.
Pure array functions; every choice comes from the generator that is passed in.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import areas, shared_areas
from edgevision.ops.image import stretch, to_model_color
from edgevision.types import ImageBgr
from export.data.augment import Augmentation, photograph
from export.detect.canvas import DetectView
from export.detect.draw import Drawn
from export.detect.sample import BoxSample, BoxSet
from export.detect.targets import IGNORED

__all__ = ["PaperDraw", "constrained_crop", "expanded"]

_FILL_BGR = (104, 117, 123)
_OVERLAPS = (None, 0.1, 0.3, 0.5, 0.7, 0.9, 0.0)
"""What some object must at least share with the crop; None: no crop."""
_TRIES = 50
_SMALLEST = 0.3
_LARGEST_EXPANSION = 4.0

Box = npt.NDArray[np.float32]


class PaperDraw:
    """An endless stream of whole pictures, changed as the paper does it; the same for the same seeds."""

    def __init__(
        self, samples: BoxSet, view: DetectView, augmentation: Augmentation, seed: tuple[int, int]
    ) -> None:
        self._samples, self._view, self._augmentation = samples, view, augmentation
        self._rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[Drawn]:
        """Yield pictures; every sample comes once before any comes again."""
        while True:
            for index in self._rng.permutation(len(self._samples)):
                yield self._drawn(self._samples[int(index)])

    def _drawn(self, sample: BoxSample) -> Drawn:
        rng = self._rng
        image = photograph(rng, sample.image_bgr, self._augmentation)
        boxes = sample.boxes_xyxy
        ids = np.where(sample.difficult, IGNORED, sample.class_ids)
        if rng.random() < 0.5:
            image, boxes = expanded(rng, image, boxes)
        image, boxes, kept = constrained_crop(rng, image, boxes)
        if self._augmentation.flip and rng.random() < 0.5:
            image, boxes = _mirrored(image, boxes)
        size_wh = self._view.size_wh
        scale = np.array((size_wh[0] / image.shape[1], size_wh[1] / image.shape[0]) * 2, np.float32)
        fitted = to_model_color(stretch(np.ascontiguousarray(image), size_wh), self._view.color)
        return Drawn(fitted, np.asarray(boxes * scale, np.float32), ids[kept])


def expanded(rng: np.random.Generator, image: ImageBgr, boxes_xyxy: Box) -> tuple[ImageBgr, Box]:
    """Lay the picture somewhere into a plain one of up to four times its sides: objects become small."""
    height, width = image.shape[:2]
    ratio = rng.uniform(1.0, _LARGEST_EXPANSION)
    canvas = np.full((int(height * ratio), int(width * ratio), 3), _FILL_BGR, np.uint8)
    left = int(rng.uniform(0, canvas.shape[1] - width + 1))
    top = int(rng.uniform(0, canvas.shape[0] - height + 1))
    canvas[top : top + height, left : left + width] = image
    return canvas, boxes_xyxy + np.array((left, top, left, top), np.float32)


def constrained_crop(
    rng: np.random.Generator, image: ImageBgr, boxes_xyxy: Box
) -> tuple[ImageBgr, Box, npt.NDArray[np.bool_]]:
    """Cut out a part in which some object overlaps enough, and keep objects whose centre it shows.

    Returns:
        The part, the kept boxes cut to it, and which of the boxes were kept.
    """
    everything = np.ones(len(boxes_xyxy), np.bool_)
    while len(boxes_xyxy):
        least = _OVERLAPS[rng.integers(len(_OVERLAPS))]
        if least is None:
            break
        for _ in range(_TRIES):
            window = _window(rng, (image.shape[1], image.shape[0]))
            kept = _centres_inside(boxes_xyxy, window)
            if kept.any() and _overlaps(boxes_xyxy, window).max() >= least:
                left, top, right, bottom = window.astype(int).tolist()
                cut = np.clip(boxes_xyxy[kept], window[[0, 1, 0, 1]], window[[2, 3, 2, 3]])
                return image[top:bottom, left:right], cut - window[[0, 1, 0, 1]], kept
    return image, boxes_xyxy, everything


def _mirrored(image: ImageBgr, boxes_xyxy: Box) -> tuple[ImageBgr, Box]:
    left, top, right, bottom = boxes_xyxy.T
    width = np.float32(image.shape[1])
    return image[:, ::-1], np.column_stack((width - right, top, width - left, bottom))


def _window(rng: np.random.Generator, size_wh: tuple[int, int]) -> Box:
    """Draw a window of whole pixels, at most twice as long as wide."""
    while True:
        sides = np.floor(rng.uniform(_SMALLEST, 1.0, 2) * size_wh).clip(1)
        if 0.5 <= sides[0] / sides[1] <= 2.0:
            break
    corner = np.floor(rng.uniform(0, np.array(size_wh) - sides + 1))
    return np.concatenate((corner, corner + sides)).astype(np.float32)


def _centres_inside(boxes_xyxy: Box, window: Box) -> npt.NDArray[np.bool_]:
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    return np.asarray(((centres > window[:2]) & (centres < window[2:])).all(1), np.bool_)


def _overlaps(boxes_xyxy: Box, window: Box) -> npt.NDArray[np.float32]:
    shared = shared_areas(boxes_xyxy, window[np.newaxis])[:, 0]
    return np.asarray(shared / (areas(boxes_xyxy) + areas(window[np.newaxis]) - shared), np.float32)
