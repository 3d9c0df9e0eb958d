"""A labelled picture as the model sees it: fitted to its input with the device's own code, in its colours."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from edgevision.ops.image import Color, Letterbox, letterbox, stretch, to_model_color
from edgevision.types import ImageBgr
from export.detect.sample import BoxSample

__all__ = ["Canvas", "DetectView"]

Side = Annotated[int, Field(ge=32, le=4096)]


class DetectView(BaseModel):
    """The model's input and how pictures are brought to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_wh: tuple[Side, Side] = (320, 320)
    scaling: Literal["letterbox", "stretch"] = "letterbox"
    color: Color = "RGB"
    pair: bool = False
    """Whether a reference picture goes in beside the picture, as further channels."""

    @property
    def channels(self) -> int:
        """Return how many channels the model's input has."""
        return (1 if self.color == "GRAY" else 3) * (2 if self.pair else 1)

    def canvas(self, sample: BoxSample) -> "Canvas":
        """Bring a sample to the model's input."""
        source_wh = (sample.image_bgr.shape[1], sample.image_bgr.shape[0])
        image = self._fitted(sample.image_bgr)
        if self.pair:
            assert sample.reference_bgr is not None
            image = np.concatenate([image, self._fitted(sample.reference_bgr)], axis=2)
        corners = sample.boxes_xyxy.reshape(-1, 2).astype(np.float64)
        if self.scaling == "letterbox":
            corners = Letterbox.fit(source_wh, self.size_wh).to_model(corners)
        else:
            corners = corners * np.divide(self.size_wh, source_wh)
        boxes = corners.reshape(-1, 4).astype(np.float32)
        return Canvas(image, boxes, sample.class_ids, sample.difficult)

    def _fitted(self, image_bgr: ImageBgr) -> npt.NDArray[np.uint8]:
        fitted = (
            letterbox(image_bgr, self.size_wh, bars="grey")[0]
            if self.scaling == "letterbox"
            else stretch(image_bgr, self.size_wh)
        )
        return to_model_color(fitted, self.color)


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A picture at the model's resolution."""

    image: npt.NDArray[np.uint8]
    """(H, W, C)."""
    boxes_xyxy: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    difficult: npt.NDArray[np.bool_]
