"""Draws training crops: which picture, where in it, changed how; and puts them into batches.

Crop `position` of epoch `epoch` depends on the seed and these two numbers only, so any number
of worker threads gives the same training.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from edgevision.errors import UsageError
from edgevision.types import ClassMap, ImageBgr
from export.data.augment import Augmentation, draw_affine, photograph
from export.data.paste import paste_defects
from export.data.sample import Sample, SampleSet
from export.data.view import View

__all__ = ["Batch", "CropDraw", "Sampling", "batches"]

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Sampling(BaseModel):
    """How often which pictures and places are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    background_share: Share = 0.3
    """Share of crops from pictures without any defect; the others are spread over the classes evenly."""
    defect_centred: Share = 0.7
    """With tiles: share of the other crops that are placed on a defect of the drawn class."""
    focus_centred: Share = 0.7
    """With tiles: share of the crops of a hard part that are placed where the model erred."""
    jitter_px: Annotated[float, Field(ge=0.0)] = 80.0
    """How far a crop's centre may lie from what it is placed on."""


class Batch(NamedTuple):
    """Crops as the network takes them."""

    images: npt.NDArray[np.uint8]
    """(N, H, W, 3) RGB."""
    class_maps: npt.NDArray[np.int64]
    """(N, H, W)."""


class CropDraw:
    """The crops of one epoch."""

    def __init__(
        self,
        samples: SampleSet,
        view: View,
        augmentation: Augmentation,
        sampling: Sampling,
        seed_of_epoch: tuple[int, int],
    ) -> None:
        if len(samples) == 0:
            raise UsageError(f"{samples.description}: expected pictures to train on, got none")
        self._view, self._augmentation, self._sampling = view, augmentation, sampling
        self._seed = seed_of_epoch
        self._canvases = [view.canvas(sample) for sample in samples]
        self._by_class: dict[int, list[int]] = defaultdict(list)
        for index, canvas in enumerate(self._canvases):
            for class_id in np.unique(canvas.class_map).tolist() if canvas.class_map.any() else [0]:
                if class_id > 0 or not canvas.class_map.any():
                    self._by_class[class_id].append(index)

    def crop(self, position: int) -> tuple[ImageBgr, ClassMap]:
        """Return the picture and class ids of one crop, both of the view's size."""
        rng = np.random.default_rng((*self._seed, position))
        image, mask = self._look(rng, *self._pick(rng))
        if self._pastes(rng):
            donor = self._look(rng, *self._pick_of(rng, int(rng.choice(self._defect_classes))))
            image, mask = paste_defects(rng, (image, mask), donor, self._augmentation.paste_contrast)
        return photograph(rng, image, self._augmentation), mask

    def _pastes(self, rng: np.random.Generator) -> bool:
        share = self._augmentation.paste_share
        return share > 0 and bool(self._defect_classes) and rng.random() < share

    def _look(self, rng: np.random.Generator, canvas: Sample, class_id: int) -> tuple[ImageBgr, ClassMap]:
        centre = self._centre(rng, canvas, class_id)
        matrix = draw_affine(rng, self._augmentation, centre, self._view.size_wh)
        image = cv2.warpAffine(
            canvas.image_bgr, matrix, self._view.size_wh, borderMode=cv2.BORDER_REFLECT_101
        )
        mask = cv2.warpAffine(
            canvas.class_map,
            matrix,
            self._view.size_wh,
            flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(image, np.uint8), np.asarray(mask, np.uint8)

    def _pick(self, rng: np.random.Generator) -> tuple[Sample, int]:
        wants_background = rng.random() < self._sampling.background_share
        is_background = not self._defect_classes or (wants_background and 0 in self._by_class)
        return self._pick_of(rng, 0 if is_background else int(rng.choice(self._defect_classes)))

    def _pick_of(self, rng: np.random.Generator, class_id: int) -> tuple[Sample, int]:
        return self._canvases[int(rng.choice(self._by_class[class_id]))], class_id

    @property
    def _defect_classes(self) -> list[int]:
        return sorted(class_id for class_id in self._by_class if class_id > 0)

    def _centre(self, rng: np.random.Generator, canvas: Sample, class_id: int) -> tuple[float, float]:
        height, width = canvas.class_map.shape
        if self._view.scaling != "tile":
            jitter = rng.uniform(-0.08, 0.08, 2) * self._view.size_wh
            return (width - 1) / 2 + jitter[0], (height - 1) / 2 + jitter[1]
        if canvas.focus_xy is not None and rng.random() < self._sampling.focus_centred:
            return self._beside(rng, canvas.focus_xy)
        if class_id > 0 and rng.random() < self._sampling.defect_centred:
            places = np.flatnonzero(canvas.class_map == class_id)
            y, x = divmod(int(rng.choice(places)), width)
            return self._beside(rng, (x, y))
        half_w, half_h = (
            min(size, side) / 2 for size, side in zip(self._view.size_wh, (width, height), strict=True)
        )
        return rng.uniform(half_w, width - half_w), rng.uniform(half_h, height - half_h)

    def _beside(self, rng: np.random.Generator, place_xy: tuple[float, float]) -> tuple[float, float]:
        jitter = rng.uniform(-self._sampling.jitter_px, self._sampling.jitter_px, 2)
        return place_xy[0] + jitter[0], place_xy[1] + jitter[1]


def batches(draw: CropDraw, size: int, count: int, workers: int = 1, first: int = 0) -> Iterator[Batch]:
    """Yield batches `first` to `count`, made ahead of their use by worker threads."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Batch]] = deque()
        for index in range(first, count):
            waiting.append(pool.submit(_batch, draw, size, index))
            if len(waiting) > workers + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _batch(draw: CropDraw, size: int, index: int) -> Batch:
    crops = [draw.crop(index * size + offset) for offset in range(size)]
    images = np.stack([image[:, :, ::-1] for image, _ in crops])
    return Batch(images, np.stack([mask for _, mask in crops]).astype(np.int64))
