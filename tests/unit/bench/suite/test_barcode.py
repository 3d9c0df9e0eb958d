import cv2
import numpy as np
import pytest

from edgevision.bench.suite.barcode import CODES, painted, read_code


@pytest.mark.parametrize("code", [0, 1, 85, 170, CODES - 1])
def test_a_code_survives_jpeg_on_any_picture(code: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (96, 160, 3)).astype(np.uint8)

    jpeg = cv2.imencode(".jpg", painted(noise, code), [cv2.IMWRITE_JPEG_QUALITY, 50])[1]

    assert read_code(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)) == code


def test_painting_leaves_the_original_alone() -> None:
    picture = np.full((96, 160, 3), 128, np.uint8)

    painted(picture, 255)

    assert (picture == 128).all()
