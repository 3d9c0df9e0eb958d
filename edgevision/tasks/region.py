"""Where in a frame a step of a recipe looks, and what of the things found lies there."""

import numpy as np
import numpy.typing as npt

from edgevision.errors import InspectionError
from edgevision.ops.polygons import polygon_mask
from edgevision.ops.tiles import lost_detail
from edgevision.recipe import Step
from edgevision.types import Frame, ImageBgr

__all__ = ["Box", "is_inside", "region_box", "require_detail", "whole_pixels"]

Box = tuple[int, int, int, int]


def region_box(step: Step, frame: Frame) -> Box:
    """Return left, top, right, bottom of the step's region; raises InspectionError where it sticks out."""
    width, height = frame.size_wh
    if step.region is None:
        return 0, 0, width, height
    box = step.region.bounding_box_xyxy
    if box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height:
        raise InspectionError(
            f"task {step.name}: expected a frame that holds the region {list(box)}, got "
            f"{width} x {height} from {frame.camera}; correct the recipe's region or the camera's size"
        )
    return box


def require_detail(task: str, region: ImageBgr, scale: float, input_wh: tuple[int, int]) -> None:
    """Raise InspectionError where a region that is scaled down would not fill one input of the model."""
    if lost := lost_detail((region.shape[1], region.shape[0]), scale, input_wh):
        raise InspectionError(f"task {task}: {lost}")


def is_inside(step: Step, box: Box) -> bool:
    """Whether the centre of a box lies in the step's polygon; rectangles hold every box by themselves."""
    if step.region is None or step.region.polygon_xy is None:
        return True
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    return bool(polygon_mask(step.region.polygon_xy, (x, y, x + 1, y + 1)).any())


def whole_pixels(boxes_xyxy: npt.NDArray[np.float32], region: Box) -> list[Box]:
    """Return (n, 4) boxes in pixels of the region as boxes of whole pixels of the frame, none empty."""
    left, top, right, bottom = region
    low = np.floor(boxes_xyxy[:, :2] + 0.5).astype(np.int64)
    high = np.maximum(np.floor(boxes_xyxy[:, 2:] + 0.5).astype(np.int64), low + 1)
    corners = np.concatenate((low, high), axis=1) + np.array((left, top, left, top))
    corners = np.minimum(corners, (right, bottom, right, bottom))
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in corners.tolist()]
