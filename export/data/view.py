"""How a model sees a picture: the recipe's scaling, applied with the device's own code.

Training draws from the canvas that `View.canvas` returns; measuring goes through `predict`,
which gives the class map the device would give.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from edgevision.ops.image import letterbox, stretch, to_model_color
from edgevision.ops.masks import class_map, foreground
from edgevision.ops.tiles import TileGrid, pad_to_tile
from edgevision.types import ClassMap, ImageBgr
from export.data.sample import Sample

__all__ = ["Infer", "View", "predict"]

Planes = npt.NDArray[np.float32]
Infer = Callable[[npt.NDArray[np.uint8]], Planes]
"""Maps (1, H, W, 3) uint8 RGB to (C, H, W) float32 probabilities."""

Side = Annotated[int, Field(ge=32, le=4096)]


class View(BaseModel):
    """The model's input size and the scaling of the recipe it is made for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_wh: tuple[Side, Side] = (256, 256)
    scaling: Literal["tile", "stretch", "letterbox"] = "tile"
    scale: Annotated[float, Field(gt=0.0, le=4.0)] = 1.0
    """For tile: resize the picture by this factor before."""
    tile_overlap_px: Annotated[int, Field(ge=0)] = 32
    pixel_threshold: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5

    def canvas(self, sample: Sample) -> Sample:
        """Bring a sample to the resolution at which the model sees it."""
        image, mask = sample.image_bgr, sample.class_map
        if self.scaling == "letterbox":
            fitted, geometry = letterbox(image, self.size_wh)
            left, top, right, bottom = geometry.inner_xyxy
            bars = (top, self.size_wh[1] - bottom, left, self.size_wh[0] - right)
            inner = _resize_ids(mask, (right - left, bottom - top))
            reflected = cv2.copyMakeBorder(inner, *bars, cv2.BORDER_REFLECT_101)
            return Sample(sample.name, fitted, np.asarray(reflected, np.uint8))
        size_wh = self.size_wh if self.scaling == "stretch" else self._scaled(image)
        focus = None if sample.focus_xy is None else _scaled_point(sample.focus_xy, image, size_wh)
        return Sample(sample.name, stretch(image, size_wh), _resize_ids(mask, size_wh), focus)

    def _scaled(self, image: ImageBgr) -> tuple[int, int]:
        height, width = image.shape[:2]
        return max(1, round(width * self.scale)), max(1, round(height * self.scale))


def _scaled_point(
    point_xy: tuple[float, float], image: ImageBgr, size_wh: tuple[int, int]
) -> tuple[float, float]:
    height, width = image.shape[:2]
    return point_xy[0] * size_wh[0] / width, point_xy[1] * size_wh[1] / height


def _resize_ids(mask: ClassMap, size_wh: tuple[int, int]) -> ClassMap:
    return np.asarray(cv2.resize(mask, size_wh, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def predict(infer: Infer, image_bgr: ImageBgr, view: View) -> ClassMap:
    """Return the (H, W) class ids, in the picture's own size, that the device would report."""
    source_wh = (image_bgr.shape[1], image_bgr.shape[0])
    if view.scaling == "tile":
        planes = _tiled(infer, stretch(image_bgr, view._scaled(image_bgr)), view)  # noqa: SLF001
    elif view.scaling == "stretch":
        planes = infer(to_model_color(stretch(image_bgr, view.size_wh), "RGB")[np.newaxis])
    else:
        fitted, geometry = letterbox(image_bgr, view.size_wh)
        planes = geometry.crop(infer(to_model_color(fitted, "RGB")[np.newaxis]))
    if (planes.shape[2], planes.shape[1]) == source_wh:
        return class_map(planes, view.pixel_threshold)
    return foreground(planes).resized(source_wh).class_map(view.pixel_threshold)


def _tiled(infer: Infer, image: ImageBgr, view: View) -> Planes:
    padded, (left, top) = pad_to_tile(image, view.size_wh)
    rgb = to_model_color(padded, "RGB")
    width, height = view.size_wh
    grid = TileGrid.cover((padded.shape[1], padded.shape[0]), view.size_wh, view.tile_overlap_px)

    def look(x: int, y: int) -> Planes:
        return infer(np.ascontiguousarray(rgb[np.newaxis, y : y + height, x : x + width]))

    planes = np.concatenate([strip for _, strip in grid.blend(look)], axis=1)
    return planes[:, top : top + image.shape[0], left : left + image.shape[1]]
