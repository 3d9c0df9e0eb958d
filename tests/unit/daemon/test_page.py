import pytest

from edgevision.config.station import CameraSettings
from edgevision.daemon.page import silence

CONTINUOUS = CameraSettings(source="0", read_timeout_s=2.0)
INTERVAL = CameraSettings(source="0", mode="interval", interval_s=60.0)
TRIGGERED = CameraSettings(source="0", mode="triggered")


@pytest.mark.parametrize(
    ("camera", "silent_s", "is_wrong"),
    [
        (CONTINUOUS, 6.9, False),
        (CONTINUOUS, 7.1, True),
        (INTERVAL, 65.9, False),
        (INTERVAL, 66.1, True),
        (TRIGGERED, 1e6, False),
    ],
)
def test_a_camera_that_gives_verdicts_by_itself_is_missed_when_it_stops(
    camera: CameraSettings, silent_s: float, is_wrong: bool
) -> None:
    text = silence(camera, 0, round(silent_s * 1e9), deadline_s=1.0)

    assert (f"cam1: no part was judged for {silent_s:.0f} s." == text) == is_wrong
    assert bool(text) == is_wrong


def test_before_the_first_verdict_nothing_is_inspected() -> None:
    assert silence(CONTINUOUS, None, 0, 1.0) == "cam1: no part was judged yet."
    assert silence(TRIGGERED, None, 0, 1.0) == ""
