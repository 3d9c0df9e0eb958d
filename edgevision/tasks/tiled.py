"""A look at a region in overlapping tiles; with a cascade, only at those where a first look saw something.

The first look shows the same network the whole region at a smaller scale. Tiles far from all that it
saw count as background without being looked at. Which ones these are depends on nothing but pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.errors import InspectionError
from edgevision.ops.image import stretch
from edgevision.ops.masks import Foreground
from edgevision.ops.tiles import TileGrid, pad_to_tile
from edgevision.recipe import Cascade, SegmentStep
from edgevision.tasks.region import require_detail
from edgevision.types import ImageBgr

__all__ = ["Look", "Planes", "Predict", "TiledLook", "whole"]

Planes = npt.NDArray[np.float32]
Predict = Callable[[ImageBgr], Planes]
"""From a picture of the model's input size to (C, H, W) probabilities."""
Look = tuple[Foreground | None, float]
"""What was seen of a region, None where nothing reached the threshold; and the highest score."""
Size = tuple[int, int]


class TiledLook:
    """How one step of a recipe looks at its region. Keeps no state between frames; safe in many threads."""

    def __init__(self, step: SegmentStep, tile_wh: Size, classes: int, threshold: float) -> None:
        """Take the step, the size of the model's input, and the score below which nothing counts."""
        self._step, self._tile_wh, self._threshold = step, tile_wh, threshold
        certain = np.eye(classes, 1, dtype=np.float32)
        self._background = np.broadcast_to(certain[:, :, np.newaxis], (classes, tile_wh[1], tile_wh[0]))

    def look(self, region: ImageBgr, predict: Predict) -> Look:
        """Look at native resolution; tiles that stay below the threshold are not even blended.

        Where all of them do, the highest score is that of whole tiles, also outside a polygon; tiles that
        a cascade leaves out have none.

        Raises:
            InspectionError: the region is scaled to less than one input.
        """
        scaled = self._scaled(region, self._step.scale)
        seen = self._first_look(region, scaled, predict)
        score_max = 0.0

        def is_quiet(planes: Planes) -> bool:
            nonlocal score_max
            score = float(planes[1:].max())
            score_max = max(score_max, score)
            return score < self._threshold

        def look(x: int, y: int) -> Planes:
            if seen is not None and not seen.is_near(x, y):
                return self._background
            return _fitted(predict(scaled.tile(x, y)), self._tile_wh)

        strips = list(scaled.grid.blend_unless(look, is_quiet))
        if score_max < self._threshold:
            return None, score_max
        return whole(Foreground.stacked(strips, scaled.grid.size_wh).cropped(*scaled.inner))

    def _first_look(self, region: ImageBgr, full: "_Scaled", predict: Predict) -> "_Seen | None":
        """Return where a first look saw something; None without one, or where it would save nothing."""
        cascade = self._step.cascade
        if cascade is None:
            return None
        try:
            small = self._scaled(region, self._step.scale * cascade.scale)
        except InspectionError as error:
            raise InspectionError(
                f"{error}; this is the first look, at the step's scale {self._step.scale:g} times its "
                f"cascade's scale {cascade.scale:g}"
            ) from error
        if len(small.grid.origins_xy) >= len(full.grid.origins_xy):
            return None
        scores = np.zeros(small.grid.size_wh[::-1], np.float32)
        for top, strip in small.grid.blend(lambda x, y: _fitted(predict(small.tile(x, y)), self._tile_wh)):
            scores[top : top + strip.shape[1]] = strip[1:].max(axis=0)
        return _Seen(scores[small.inner] >= cascade.min_score, full, cascade)

    def _scaled(self, region: ImageBgr, scale: float) -> "_Scaled":
        require_detail(self._step.name, region, scale, self._tile_wh)
        height, width = (max(1, round(size * scale)) for size in region.shape[:2])
        picture, (left, top) = pad_to_tile(stretch(region, (width, height)), self._tile_wh)
        size_wh = picture.shape[1], picture.shape[0]
        grid = TileGrid.cover(size_wh, self._tile_wh, self._step.tile_overlap_px)
        return _Scaled(picture, (slice(top, top + height), slice(left, left + width)), grid)


@dataclass(frozen=True, slots=True, eq=False)
class _Scaled:
    """A region at the scale of a look, in bars where it does not fill a tile."""

    picture: ImageBgr
    inner: tuple[slice, slice]
    """Rows and columns of the region in the picture."""
    grid: TileGrid

    def tile(self, x: int, y: int) -> ImageBgr:
        """Return the tile whose left and top these are."""
        width, height = self.grid.tile_wh
        return self.picture[y : y + height, x : x + width]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Where a first look saw something."""

    spots: npt.NDArray[np.bool_]
    """(h, w): the region at the scale of the first look."""
    full: _Scaled
    cascade: Cascade

    def is_near(self, x: int, y: int) -> bool:
        """Return whether something was seen in a tile of the full look, or within the margin around it."""
        spans = []
        sides = zip(self.spots.shape, self.full.inner, (y, x), self.full.grid.tile_wh[::-1], strict=True)
        for size, inner, first, tile in sides:
            ratio = size / (inner.stop - inner.start)
            low = first - inner.start - self.cascade.margin_px
            high = first - inner.start + tile + self.cascade.margin_px
            spans.append(slice(max(0, int(low * ratio)), max(0, int(np.ceil(high * ratio)))))
        return bool(self.spots[tuple(spans)].any())


def whole(seen: Foreground) -> Look:
    """Return what was seen with its highest score."""
    return seen, min(float(seen.scores.max()), 1.0)


def _fitted(planes: Planes, size_wh: Size) -> Planes:
    """Resize the answer of a model with an output stride to the size of its input."""
    if (planes.shape[2], planes.shape[1]) == size_wh:
        return planes
    resized = [cv2.resize(plane, size_wh, interpolation=cv2.INTER_LINEAR) for plane in planes]
    return np.asarray(resized, np.float32)
