"""Joins what overlapping tiles found: doubles become one, and pieces of one thing become its box.

Two findings of a class in different tiles show the same thing when their boxes agree within the part
that both tiles show. A thing that some tile shows whole is taken from there; one that is larger than
the overlap is put together from its pieces. Tiles that do not overlap have nothing to agree on.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgevision.ops.boxes import areas
from edgevision.ops.detections import Detections

__all__ = ["join_tiles"]

Window = tuple[float, float, float, float]
Boxes = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
_MOST = 1000
"""Of more findings, those with the lowest scores are left out."""
_EDGE = 0.5


def join_tiles(
    parts: Sequence[Detections],
    windows_xyxy: Sequence[Window],
    region_wh: tuple[int, int],
    iou_threshold: float,
    margin_px: float = 2.0,
) -> Detections:
    """Join the findings of all tiles, by falling score.

    Args:
        parts: One for each tile, without doubles, in pixels of the region.
        windows_xyxy: What each tile shows of the region.
        region_wh: Size of the region; at its own borders nothing is cut.
        iou_threshold: From this agreement on, boxes show the same thing.
        margin_px: A box that comes so near to a tile's border is a piece.
    """
    every = Detections.joined(parts)
    tile_of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.argsort(-every.scores, kind="stable")[:_MOST]
    found, tiles = every[order], tile_of[order]
    windows = np.array(windows_xyxy, np.float32).reshape(-1, 4)[tiles]
    is_piece = _touches_border(found.boxes_xyxy, windows, region_wh, margin_px)
    same = _show_the_same(found, tiles, windows, iou_threshold)
    whole = _first_of_each(same, ~is_piece)
    pieces = np.flatnonzero(is_piece & ~same[whole].any(axis=0))
    joined = Detections.joined([found[whole], *_groups(found, pieces, same)])
    return joined[np.argsort(-joined.scores, kind="stable")]


def _touches_border(
    boxes: Boxes,
    windows: Boxes,
    region_wh: tuple[int, int],
    margin: float,
) -> Flags:
    has_low, has_high = windows[:, :2] > _EDGE, windows[:, 2:] < np.array(region_wh) - _EDGE
    low = has_low & (boxes[:, :2] <= windows[:, :2] + margin)
    high = has_high & (boxes[:, 2:] >= windows[:, 2:] - margin)
    return np.asarray((low | high).any(axis=1))


def _show_the_same(
    found: Detections, tiles: npt.NDArray[np.int64], windows: Boxes, iou_threshold: float
) -> Flags:
    """Return (n, n): of one class, of different tiles, and agreeing in what both tiles show."""
    low = np.maximum(windows[:, np.newaxis, :2], windows[:, :2])
    high = np.minimum(windows[:, np.newaxis, 2:], windows[:, 2:])
    boxes = found.boxes_xyxy
    ones = np.concatenate(
        (np.maximum(boxes[:, np.newaxis, :2], low), np.minimum(boxes[:, np.newaxis, 2:], high)), axis=2
    )
    others = ones.transpose(1, 0, 2)
    shared = np.concatenate(
        (np.maximum(ones[..., :2], others[..., :2]), np.minimum(ones[..., 2:], others[..., 2:])), axis=2
    )
    shared_px, ones_px = areas(shared.reshape(-1, 4)), areas(ones.reshape(-1, 4))
    union_px = ones_px + areas(others.reshape(-1, 4)) - shared_px
    agree = (shared_px > iou_threshold * union_px).reshape(len(found), len(found))
    one_class = found.class_ids[:, np.newaxis] == found.class_ids
    return np.asarray(agree & one_class & (tiles[:, np.newaxis] != tiles))


def _first_of_each(same: Flags, allowed: Flags) -> npt.NDArray[np.int64]:
    """Return the indices of those allowed that no better one of them shows already."""
    stays = allowed.copy()
    for index in range(len(stays)):
        if stays[index]:
            stays[index + 1 :] &= ~same[index, index + 1 :]
    return np.flatnonzero(stays)


def _groups(found: Detections, pieces: npt.NDArray[np.int64], same: Flags) -> list[Detections]:
    """Return one finding for each set of pieces that hang together, with the best piece's score."""
    groups: list[Detections] = []
    waiting = pieces.tolist()
    while waiting:
        group, reached = set[int](), [waiting[0]]
        while reached:
            index = reached.pop()
            group.add(index)
            reached += [other for other in waiting if other not in group and same[index, other]]
        waiting = [index for index in waiting if index not in group]
        members = found[np.array(sorted(group))]
        low, high = members.boxes_xyxy[:, :2].min(axis=0), members.boxes_xyxy[:, 2:].max(axis=0)
        groups.append(members[:1].moved(np.concatenate((low, high))[np.newaxis]))
    return groups
