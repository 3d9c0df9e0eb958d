"""Where in a frame a step of a recipe looks."""

from edgevision.errors import InspectionError
from edgevision.recipe import DetectStep, SegmentStep
from edgevision.types import Frame

__all__ = ["Box", "region_box"]

Box = tuple[int, int, int, int]


def region_box(step: SegmentStep | DetectStep, frame: Frame) -> Box:
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
