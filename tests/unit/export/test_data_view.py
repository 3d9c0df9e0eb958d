from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from export.data.sample import Sample
from export.data.view import View, predict

SCALINGS: list[Literal["tile", "stretch", "letterbox"]] = ["tile", "stretch", "letterbox"]


def bright_is_class_two(batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Answer class 2 where red is high: a model whose right answer is known."""
    is_bright = (batch[0, :, :, 0] > 128).astype(np.float32)
    return np.stack([1 - is_bright, np.zeros_like(is_bright), is_bright])


def picture(height: int, width: int) -> Sample:
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2, height // 3), 20, 2, cv2.FILLED)
    image = np.full((height, width, 3), 20, np.uint8)
    image[mask == 2] = (0, 0, 250)
    return Sample("disc", image, mask)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("size", [(80, 210), (300, 120), (50, 60)])
def test_a_perfect_model_gives_back_the_truth_in_the_pictures_own_size(
    scaling: Literal["tile", "stretch", "letterbox"], size: tuple[int, int]
) -> None:
    sample = picture(*size)
    view = View(size_wh=(96, 64), scaling=scaling, tile_overlap_px=16)

    answer = predict(bright_is_class_two, sample.image_bgr, view)

    assert answer.shape == sample.class_map.shape
    overlap = ((answer == 2) & (sample.class_map == 2)).sum()
    union = ((answer == 2) | (sample.class_map == 2)).sum()
    assert overlap / union > (0.999 if scaling == "tile" else 0.85)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_canvas_keeps_picture_and_class_ids_aligned(
    scaling: Literal["tile", "stretch", "letterbox"],
) -> None:
    canvas = View(size_wh=(96, 64), scaling=scaling).canvas(picture(120, 180))

    assert canvas.image_bgr.shape[:2] == canvas.class_map.shape
    inside = canvas.image_bgr[canvas.class_map == 2]
    assert np.median(inside[:, 2]) == 250
    assert np.median(canvas.image_bgr[canvas.class_map == 0][:, 2]) == 20


def test_a_scale_before_tiling_is_applied_and_undone() -> None:
    sample = picture(300, 400)
    view = View(size_wh=(64, 64), scale=0.5, tile_overlap_px=8)

    assert view.canvas(sample).class_map.shape == (150, 200)
    answer = predict(bright_is_class_two, sample.image_bgr, view)
    assert answer.shape == (300, 400)
    assert (answer == sample.class_map).mean() > 0.99
