import cv2
import numpy as np

from edgevision.bench.suite.barcode import read_code
from edgevision.bench.suite.camera import MjpegCamera, encoded


def test_a_client_gets_every_picture_in_order_and_each_was_noted_when_it_left() -> None:
    with MjpegCamera(encoded(6), fps=100.0) as camera:
        capture = cv2.VideoCapture(camera.url, cv2.CAP_FFMPEG)
        seen = [capture.read()[1] for _ in range(9)]
        capture.release()

    assert [read_code(np.asarray(picture, np.uint8)) for picture in seen] == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert {picture.shape for picture in seen} == {(720, 1280, 3)}
    assert len(camera.sent_ns) >= 9
    assert camera.sent_ns == sorted(camera.sent_ns)
