import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.ops.quality import sharpness, yaw_deg

FACE_XYZ = np.array([[-32, 0, 0], [32, 0, 0], [0, 38, 30], [-25, 70, 5], [25, 70, 5]], np.float64)


def seen(yaw: float, roll: float = 0.0, scale: float = 1.0) -> npt.NDArray[np.float64]:
    """Turn a face about the vertical axis, then in the picture's plane."""
    a, b = np.radians(yaw), np.radians(roll)
    x = FACE_XYZ[:, 0] * np.cos(a) + FACE_XYZ[:, 2] * np.sin(a)
    flat = np.stack((x, FACE_XYZ[:, 1]), axis=1) * scale
    return np.asarray(flat @ np.array([[np.cos(b), np.sin(b)], [-np.sin(b), np.cos(b)]]) + (300, 200))


@pytest.mark.parametrize("scale", [0.3, 4.0])
@pytest.mark.parametrize("yaw", [-60, -30, 0, 15, 45])
def test_a_turn_to_either_side_is_measured_at_any_size(yaw: float, scale: float) -> None:
    assert yaw_deg(seen(yaw, scale=scale)) == pytest.approx(abs(yaw), abs=3)


def test_a_head_tilted_in_the_picture_is_not_turned_away() -> None:
    assert yaw_deg(seen(0, roll=20)) < 8


def test_landmarks_in_one_point_face_nobody() -> None:
    assert yaw_deg(np.full((5, 2), 3.0)) == 90.0


def test_blur_lowers_sharpness() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2), np.uint8)

    assert sharpness(np.full((112, 112, 3), 99, np.uint8)) == 0.0
    assert sharpness(blurred) < sharpness(picture) / 10
