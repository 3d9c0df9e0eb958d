"""Fitting a picture into a model's input: colour order and size. Pure array functions.

Training, export and the device all use these, so that a model sees the same pixels everywhere.
Sizes are (width, height); coordinates are continuous, with (0, 0) the corner of the first pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Bars", "Color", "Letterbox", "letterbox", "model_batch", "padded", "stretch", "to_model_color"]

Color = Literal["RGB", "BGR", "GRAY"]
Bars = Literal["mirror", "grey"]
Array = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
_GREY = (114, 114, 114)


def to_model_color(image_bgr: npt.NDArray[np.uint8], color: Color) -> npt.NDArray[np.uint8]:
    """Return (H, W, C) uint8 in the model's colour order; C is 1 for GRAY.

    Convert after resizing: the small picture costs next to nothing.
    """
    if color == "BGR":
        return image_bgr
    if color == "RGB":
        return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)[:, :, np.newaxis]


def model_batch(pictures_bgr: Sequence[npt.NDArray[np.uint8]], color: Color) -> npt.NDArray[np.uint8]:
    """Return (1, H, W, C) uint8 of pictures of the model's size; of several, channels follow channels."""
    planes = [to_model_color(picture, color) for picture in pictures_bgr]
    joined = planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)
    return np.ascontiguousarray(joined[np.newaxis])


def stretch(image: npt.NDArray[np.uint8], size_wh: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Resize (H, W) or (H, W, C) to `size_wh`, ignoring the aspect ratio.

    One bilinear step reads two pixels an axis whatever the factor, so most of a strong reduction
    would never be looked at and a thin crack could fall between the samples; cv2.INTER_AREA reads
    all of it at ten times the cost. So the picture is halved, which averages 2x2 pixels exactly and
    fast, while both axes shrink by two or more, and one bilinear step does the rest.
    """
    height, width = image.shape[:2]
    while width >= 2 * size_wh[0] and height >= 2 * size_wh[1]:
        width, height = (width + 1) // 2, (height + 1) // 2
        image = _resized(image, (width, height))
    return image if (width, height) == size_wh else _resized(image, size_wh)


def _resized(image: npt.NDArray[np.uint8], size_wh: tuple[int, int]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where the source lies in a letterboxed picture: the inverse of `letterbox`."""

    source_wh: tuple[int, int]
    model_wh: tuple[int, int]
    inner_xyxy: tuple[int, int, int, int]
    """The part of the model's input that shows the source, exclusive at right and bottom."""

    @classmethod
    def fit(cls, source_wh: tuple[int, int], model_wh: tuple[int, int]) -> "Letterbox":
        """Centre the source in the model's input, as large as its aspect ratio allows."""
        scale = min(model / source for model, source in zip(model_wh, source_wh, strict=True))
        width, height = (max(1, round(size * scale)) for size in source_wh)
        left, top = (model_wh[0] - width) // 2, (model_wh[1] - height) // 2
        return cls(source_wh, model_wh, (left, top, left + width, top + height))

    def crop(self, planes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the part of a model's (C, H, W) output that shows the source, without copying.

        The output may be smaller than the input by a whole factor (an output stride).
        """
        x_ratio, y_ratio = planes.shape[-1] / self.model_wh[0], planes.shape[-2] / self.model_wh[1]
        left, top, right, bottom = self.inner_xyxy
        rows = slice(round(top * y_ratio), max(round(bottom * y_ratio), round(top * y_ratio) + 1))
        columns = slice(round(left * x_ratio), max(round(right * x_ratio), round(left * x_ratio) + 1))
        return planes[..., rows, columns]

    def to_model(self, points_xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map (n, 2) points of the source to the model's input."""
        left, top, right, bottom = self.inner_xyxy
        scale = np.divide((right - left, bottom - top), self.source_wh)
        return points_xy * scale + (left, top)


def letterbox(
    image: npt.NDArray[np.uint8], size_wh: tuple[int, int], bars: Bars = "mirror"
) -> tuple[npt.NDArray[np.uint8], Letterbox]:
    """Resize with the aspect ratio kept.

    Args:
        image: (H, W) or (H, W, C) uint8.
        size_wh: Size of the model's input.
        bars: What fills the rest, see `padded`.

    Returns:
        The picture of `size_wh`, and the geometry that maps answers back.
    """
    geometry = Letterbox.fit((image.shape[1], image.shape[0]), size_wh)
    left, top, right, bottom = geometry.inner_xyxy
    inner = stretch(image, (right - left, bottom - top))
    return padded(inner, (left, top, size_wh[0] - right, size_wh[1] - bottom), bars), geometry


def padded(
    image: npt.NDArray[np.uint8], widths_xyxy: tuple[int, int, int, int], bars: Bars
) -> npt.NDArray[np.uint8]:
    """Return the image with bars of these widths at its left, top, right and bottom.

    A mirror image has no edge where picture and bar meet, which a crack model would take for a
    crack; grey shows nothing, where a detector would find everything twice in a mirror.
    """
    left, top, right, bottom = widths_xyxy
    border = cv2.BORDER_REFLECT_101 if bars == "mirror" else cv2.BORDER_CONSTANT
    return np.asarray(cv2.copyMakeBorder(image, top, bottom, left, right, border, value=_GREY), np.uint8)
