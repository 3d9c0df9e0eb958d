"""The doctor at a network camera that really sends."""

from typing import Any

from edgevision.config.station import CameraSettings
from edgevision.doctor.camera import check_camera
from edgevision.doctor.findings import Finding, Grade
from tests.mjpeg import MjpegCamera, serving


def examined(camera: MjpegCamera, **changes: Any) -> Finding:
    with serving(camera):
        fields = {"name": "cam1", "source": camera.url, "read_timeout_s": 2.0} | changes
        (found,) = check_camera(CameraSettings.model_validate(fields))
    return found


def test_a_camera_that_sends_is_told_with_size_and_rate() -> None:
    found = examined(MjpegCamera([(range(3000), True)]))

    assert found.verdict is Grade.OK
    assert " a second" in found.text


def test_a_camera_that_is_slower_than_asked_is_warned_of() -> None:
    found = examined(MjpegCamera([(range(3000), True)]), fps=10_000)

    assert found.verdict is Grade.WARN
    assert "instead of 10000" in found.text


def test_a_camera_that_sends_nothing_is_a_failure() -> None:
    found = examined(MjpegCamera([(range(0), True)]), open_timeout_s=0.5, read_timeout_s=0.5)

    assert found.verdict is Grade.FAIL
    assert found.remedy


def test_a_camera_that_wants_another_password_is_a_failure() -> None:
    camera = MjpegCamera([(range(30), False)])
    with serving(camera):
        source = camera.url + "/private"
        (found,) = check_camera(CameraSettings(source=source, open_timeout_s=0.5, read_timeout_s=0.5))

    assert found.verdict is Grade.FAIL


def test_a_camera_of_another_size_is_warned_of() -> None:
    found = examined(MjpegCamera([(range(300), True)]), width=1280)

    assert found.verdict is Grade.WARN
    assert "instead of 1280 x" in found.text
