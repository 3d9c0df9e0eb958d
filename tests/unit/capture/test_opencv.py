from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgevision.capture.opencv import CameraSource, UrlSource
from edgevision.config.station import CameraSettings
from edgevision.errors import CameraRefusedSetting, CaptureError, DamagedFrame


class Webcam:
    """Stands in for a V4L2 camera, which no test machine has: knows its own limits."""

    def __init__(self, limits: dict[int, float] | None = None, *, is_there: bool = True) -> None:
        self.limits = limits or {}
        self.is_there = is_there
        self.opened: list[tuple[str, int]] = []
        self.set_order: list[int] = []
        self.properties: defaultdict[int, float] = defaultdict(float)
        self.is_released = False
        self.grabs = True
        self.picture: Any = np.zeros((4, 6, 3), np.uint8)

    def __call__(self, path: str, api: int) -> "Webcam":
        self.opened.append((path, api))
        self.is_released = False
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self.is_there

    def set(self, prop: int, value: float, /) -> bool:
        self.set_order.append(prop)
        self.properties[prop] = min(value, self.limits.get(prop, value))
        return True

    def get(self, prop: int, /) -> float:
        return self.properties[prop]

    def grab(self) -> bool:
        return self.grabs

    def retrieve(self) -> tuple[bool, Any]:
        return self.picture is not None, self.picture

    def release(self) -> None:
        self.is_released = True


def settings(source: str = "0", **fields: Any) -> CameraSettings:
    return CameraSettings.model_validate({"name": "line-a", "source": source, **fields})


def test_a_camera_is_opened_with_v4l2_and_the_format_is_set_before_the_size() -> None:
    webcam = Webcam()

    CameraSource(settings("2", width=1920, height=1080, fps=30, fourcc="MJPG"), webcam).open()

    assert webcam.opened == [("/dev/video2", cv2.CAP_V4L2)]
    assert webcam.set_order == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
    ]


def test_exposure_is_set_after_the_automatic_is_switched_off() -> None:
    webcam = Webcam()

    CameraSource(settings(exposure=120, gain=4), webcam).open()

    assert webcam.set_order.index(cv2.CAP_PROP_AUTO_EXPOSURE) < webcam.set_order.index(cv2.CAP_PROP_EXPOSURE)


def test_a_link_by_id_is_followed_at_each_open(tmp_path: Path) -> None:
    link, webcam = tmp_path / "by-id", Webcam()
    link.symlink_to("/dev/video4")
    source = CameraSource(settings(str(link)), webcam)
    source.open()
    link.unlink()
    link.symlink_to("/dev/video5")
    source.open()

    assert [path for path, _ in webcam.opened] == ["/dev/video4", "/dev/video5"]


def test_a_refused_setting_is_an_error_where_required() -> None:
    webcam = Webcam({cv2.CAP_PROP_FPS: 30.0})
    source = CameraSource(settings(fps=60, width=640, on_refused_setting="error"), webcam)

    with pytest.raises(CameraRefusedSetting, match=r"fps: expected 60, got 30;.*on_refused_setting: warn"):
        source.open()
    assert webcam.is_released


def test_a_refused_setting_is_a_warning_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    webcam = Webcam({cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"YUYV")})
    source = CameraSource(settings(width=1920, height=480), webcam)

    source.open()

    assert "width: expected 1920, got 640" in caplog.text
    assert "height" not in caplog.text
    assert source.read() is not None


def test_a_refused_format_is_told_by_its_letters() -> None:
    webcam = Webcam({cv2.CAP_PROP_FOURCC: 0.0})

    with pytest.raises(CameraRefusedSetting, match="fourcc: expected 'MJPG'"):
        CameraSource(settings(fourcc="MJPG", on_refused_setting="error"), webcam).open()


def test_a_driver_that_rounds_the_rate_is_believed() -> None:
    webcam = Webcam({cv2.CAP_PROP_FPS: 29.97})

    source = CameraSource(settings(fps=30, on_refused_setting="error"), webcam)
    source.open()

    assert source.read() is not None


def test_a_missing_camera_is_a_capture_error_that_names_it() -> None:
    with pytest.raises(CaptureError, match=r"/dev/video7 exists"):
        CameraSource(settings("7"), Webcam(is_there=False)).open()


def test_a_missing_camera_is_a_capture_error_with_the_real_library() -> None:
    with pytest.raises(CaptureError, match=r"/dev/video63 exists"):
        CameraSource(settings("63")).open()


def test_frames_carry_both_clocks_and_ids_go_on_after_reopening() -> None:
    webcam = Webcam()
    source = CameraSource(settings(), webcam)
    source.open()
    first, second = source.read(), source.read()
    source.close()
    assert source.read() is None
    source.open()
    third = source.read()

    assert first is not None
    assert second is not None
    assert third is not None
    assert [frame.frame_id for frame in (first, second, third)] == [0, 1, 2]
    assert 0 < first.captured_ns <= second.captured_ns <= third.captured_ns
    assert first.wall_ns > 1_700_000_000 * 10**9
    assert first.camera == "line-a"


def test_a_failed_grab_is_no_frame() -> None:
    webcam = Webcam()
    source = CameraSource(settings(), webcam)
    source.open()
    webcam.grabs = False

    assert source.read() is None


def test_a_picture_that_the_camera_sent_damaged_is_told_from_a_camera_that_gave_nothing() -> None:
    webcam = Webcam()
    source = CameraSource(settings(), webcam)
    source.open()
    webcam.picture = None

    with pytest.raises(DamagedFrame):
        source.read()


@pytest.mark.parametrize("picture", [np.zeros((4, 6), np.uint16), np.zeros((4, 6, 2), np.uint8)])
def test_pictures_of_another_layout_are_refused_and_never_cast(picture: Any) -> None:
    webcam = Webcam()
    source = CameraSource(settings(), webcam)
    source.open()
    webcam.picture = picture

    with pytest.raises(CaptureError, match="expected pictures of 3 x 8 bits"):
        source.read()


def test_frames_say_in_which_format_the_camera_sends_them() -> None:
    source = CameraSource(settings(fourcc="YUYV"), Webcam())
    source.open()
    frame = source.read()

    assert frame is not None
    assert frame.pixel_format == "YUYV"


def test_a_url_that_cannot_be_opened_tells_everything_but_its_password(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "password"
    secret.write_text("hush-from-file\n")
    source = UrlSource(
        settings("http://bob@127.0.0.1:9/v?token=hush", url_password_file=secret, open_timeout_s=2)
    )

    with pytest.raises(
        CaptureError, match=r"http://\*\*\*@127\.0\.0\.1:9/v\?token=\*\*\*: expected"
    ) as caught:
        source.open()

    printed = capfd.readouterr()
    assert "hush" not in str(caught.value) + source.name + printed.out + printed.err


def test_a_missing_password_file_is_a_capture_error(tmp_path: Path) -> None:
    missing = tmp_path / "no-password"

    with pytest.raises(CaptureError, match="no-password"):
        UrlSource(settings("http://bob@127.0.0.1:9/v", url_password_file=missing)).open()


@pytest.mark.parametrize(("before", "after"), [(None, "rtsp_transport;tcp"), ("timeout;9", "timeout;9")])
def test_rtsp_uses_tcp_unless_the_user_chose_options(
    before: str | None, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    monkeypatch.setenv(name, before or "")
    if before is None:
        monkeypatch.delenv(name)

    with pytest.raises(CaptureError):
        UrlSource(settings("http://127.0.0.1:9/v", open_timeout_s=2)).open()

    assert os.environ[name] == after
