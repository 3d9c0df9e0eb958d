import numpy as np
import pytest

from edgevision.doctor.camera import rate_hz
from edgevision.types import Frame

IMAGE = np.zeros((4, 4, 3), np.uint8)


def frame(frame_id: int, captured_ns: int) -> Frame:
    return Frame(IMAGE, "cam1", frame_id, captured_ns, 0)


def test_frames_that_were_skipped_count_in_the_rate() -> None:
    assert rate_hz(frame(10, 0), frame(40, 1_000_000_000)) == pytest.approx(30.0)


def test_one_frame_has_no_rate() -> None:
    assert rate_hz(frame(1, 5), frame(1, 5)) is None
