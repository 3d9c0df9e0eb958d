"""Draws training crops: where to look, how to turn and magnify, and what of the boxes is left.

Pure array functions; every choice comes from the generator that is passed in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from export.data.augment import Augmentation, draw_affine, photograph
from export.detect.canvas import Canvas
from export.detect.targets import IGNORED

__all__ = ["Batch", "Crops", "Draw", "Drawn", "batches"]

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Affine = npt.NDArray[np.float64]

_FILL = 128
_PAIR_CHANNELS = (2, 6)


class Crops(BaseModel):
    """How training crops are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_wh: tuple[Annotated[int, Field(ge=32, le=4096)], Annotated[int, Field(ge=32, le=4096)]]
    object_share: Share = 0.5
    """Share of crops that are laid around an object; the others lie anywhere."""
    exact_share: Share = 0.3
    """Share of crops that are only mirrored and turned by quarters, so that no pixel is resampled."""
    visible_share: Share = 0.5
    """An object of which less is in the crop teaches nothing."""
    photograph: bool = True
    """Whether light and sensor change; not for pictures that are black and white only."""
    reference_shift_px: Annotated[float, Field(ge=0.0, le=20.0)] = 1.5
    """Pair models: how far the reference may be off after registration."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One crop."""

    image: npt.NDArray[np.uint8]
    boxes_xyxy: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    """`IGNORED` for objects that are cut off or difficult."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Crops for one step."""

    images: npt.NDArray[np.uint8]
    """(N, H, W, C)."""
    boxes_xyxy: tuple[npt.NDArray[np.float32], ...]
    class_ids: tuple[npt.NDArray[np.int64], ...]


class Draw:
    """An endless stream of crops of some canvases, the same for the same seeds."""

    def __init__(
        self, canvases: Sequence[Canvas], crops: Crops, augmentation: Augmentation, seed: tuple[int, int]
    ) -> None:
        self._canvases, self._crops, self._augmentation = canvases, crops, augmentation
        self._rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[Drawn]:
        """Yield crops; every canvas comes once before any comes again."""
        while True:
            for index in self._rng.permutation(len(self._canvases)):
                yield self._crop(self._canvases[int(index)])

    def _crop(self, canvas: Canvas) -> Drawn:
        rng, crops = self._rng, self._crops
        augmentation = self._augmentation
        if rng.random() < crops.exact_share:
            augmentation = augmentation.model_copy(
                update={"scale": (1.0, 1.0), "aspect": 0.0, "rotation_deg": 0.0}
            )
        matrix = draw_affine(rng, augmentation, (0.0, 0.0), crops.size_wh)
        matrix[:, 2] -= matrix[:, :2] @ self._centre(canvas, matrix[:, :2])
        if augmentation is not self._augmentation:
            matrix[:, 2] = np.rint(matrix[:, 2])
        image = self._image(canvas.image, matrix)
        return _drawn(image, canvas, matrix, crops.visible_share)

    def _centre(self, canvas: Canvas, linear: Affine) -> npt.NDArray[np.float64]:
        """Draw where in the canvas to look: within it, as far as the crop fits."""
        rng = self._rng
        size = np.array(canvas.image.shape[1::-1], np.float64)
        half = np.abs(np.linalg.inv(linear)) @ np.array(self._crops.size_wh) / 2
        low, high = np.minimum(half, size / 2), np.maximum(size - half, size / 2)
        centre = rng.uniform(low, high)
        if len(canvas.boxes_xyxy) and rng.random() < self._crops.object_share:
            box = canvas.boxes_xyxy[rng.integers(len(canvas.boxes_xyxy))]
            centre = (box[:2] + box[2:]) / 2 + rng.uniform(-0.8, 0.8, 2) * half
        return np.asarray(np.clip(centre, low, high), np.float64)

    def _image(self, image: npt.NDArray[np.uint8], matrix: Affine) -> npt.NDArray[np.uint8]:
        crops, channels = self._crops, image.shape[2]
        if channels in _PAIR_CHANNELS:
            shifted, limit = matrix.copy(), crops.reference_shift_px
            shifted[:, 2] += np.rint(self._rng.uniform(-limit, limit, 2))
            tested = _warped(image[:, :, : channels // 2], matrix, crops.size_wh)
            reference = _warped(image[:, :, channels // 2 :], shifted, crops.size_wh)
            return np.concatenate([tested, reference], axis=2)
        warped = _warped(image, matrix, crops.size_wh)
        if crops.photograph and channels == 3:
            return photograph(self._rng, warped, self._augmentation)
        return warped


def _warped(image: npt.NDArray[np.uint8], matrix: Affine, size_wh: tuple[int, int]) -> npt.NDArray[np.uint8]:
    warped = cv2.warpAffine(
        image,
        matrix,
        size_wh,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(_FILL,) * 4,
    )
    return np.asarray(warped, np.uint8).reshape(size_wh[1], size_wh[0], image.shape[2])


def _drawn(image: npt.NDArray[np.uint8], canvas: Canvas, matrix: Affine, visible_share: float) -> Drawn:
    """Move the boxes along and say which of them still teach something."""
    size = np.array((image.shape[1], image.shape[0]), np.float32)
    # Pixel centres move by the matrix; box corners lie half a pixel beside them.
    corners = canvas.boxes_xyxy.reshape(-1, 2) - 0.5
    corners = (corners @ matrix[:, :2].T + matrix[:, 2] + 0.5).reshape(-1, 2, 2)
    low, high = corners.min(1), corners.max(1)
    area = (high - low).prod(1)
    low, high = np.clip(low, 0, size), np.clip(high, 0, size)
    visible = (high - low).prod(1) / np.maximum(area, 1e-6)
    ids = np.where((visible < visible_share) | canvas.difficult, IGNORED, canvas.class_ids)
    seen = visible > 0
    boxes = np.concatenate([low, high], axis=1).astype(np.float32)
    return Drawn(image, boxes[seen], ids[seen])


def batches(draw: Iterable[Drawn], size: int, count: int) -> Iterator[Batch]:
    """Yield `count` batches of `size` crops."""
    crops = iter(draw)
    for _ in range(count):
        chosen = [next(crops) for _ in range(size)]
        yield Batch(
            np.stack([crop.image for crop in chosen]),
            tuple(crop.boxes_xyxy for crop in chosen),
            tuple(crop.class_ids for crop in chosen),
        )
