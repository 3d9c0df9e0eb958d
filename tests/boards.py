"""Pictures of circuit boards for tests: pads and lines, moved and turned."""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Image", "board", "moved"]

Image = npt.NDArray[np.uint8]


def board(seed: int = 5, size_wh: tuple[int, int] = (480, 360)) -> Image:
    """Return a picture of pads and lines of its own."""
    rng = np.random.default_rng(seed)
    image = np.full((size_wh[1], size_wh[0], 3), 60, np.uint8)
    for _ in range(60):
        x, y, w, h = (int(v) for v in rng.integers((0, 0, 8, 8), (size_wh[0], size_wh[1], 90, 30)))
        colour = tuple(int(v) for v in rng.integers(90, 255, 3))
        cv2.rectangle(image, (x, y), (x + w, y + h), colour, cv2.FILLED)
    return image


def moved(
    image: Image, angle_deg: float, shift_xy: tuple[float, float]
) -> tuple[Image, npt.NDArray[np.float64]]:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, 1.0)
    matrix = np.column_stack((matrix[:, :2], matrix[:, 2] + np.array(shift_xy))).astype(np.float64)
    picture = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, np.uint8), np.asarray(matrix, np.float64)
