import pytest

from edgevision.capture.changed import FormatWatch
from edgevision.types import Frame
from tests.videos import numbered


def frame(width: int, height: int, pixel_format: str = "MJPG") -> Frame:
    return Frame(numbered(0, (width, height)), "cam1", 0, 1, 1, pixel_format=pixel_format)


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (frame(160, 120), ""),
        (frame(120, 160), "120 x 160 MJPG instead of 160 x 120 MJPG"),
        (frame(160, 120, "GREY"), "160 x 120 GREY instead of 160 x 120 MJPG"),
    ],
)
def test_a_frame_is_compared_with_the_first_one(later: Frame, words: str) -> None:
    watch = FormatWatch()

    assert watch.update(frame(160, 120)) == ""
    assert watch.update(later) == words
    assert watch.update(frame(160, 120)) == ""
