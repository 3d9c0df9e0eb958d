from pathlib import Path

import pytest

from edgevision.capture.address import SourceKind, kind_of, redacted, with_password
from edgevision.errors import CaptureError


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0", "camera"),
        ("12", "camera"),
        ("/dev/video2", "camera"),
        ("/dev/v4l/by-id/usb-Maker_Cam-video-index0", "camera"),
        ("rtsp://10.0.0.7:554/stream1", "url"),
        ("RTSPS://camera/stream", "url"),
        ("http://camera/video.mjpg", "url"),
        ("sample:7", "sample"),
        ("sample", "sample"),
    ],
)
def test_addresses_that_need_no_file(address: str, kind: SourceKind) -> None:
    assert kind_of(address) == kind


def test_paths_are_told_apart_by_what_is_there(tmp_path: Path) -> None:
    for name in ("clip.mp4", "part.PNG", "without-suffix"):
        (tmp_path / name).touch()

    assert kind_of(str(tmp_path)) == "folder"
    assert kind_of(str(tmp_path / "part.PNG")) == "folder"
    assert kind_of(str(tmp_path / "clip.mp4")) == "video"
    assert kind_of(str(tmp_path / "without-suffix")) == "video"


def test_a_missing_file_is_named_with_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"no-such\.mp4.*expected.*video file.*got nothing there"):
        kind_of(str(tmp_path / "no-such.mp4"))


@pytest.mark.parametrize("address", ["", "a\0b", "x" * 5000, "-1", "²"])
def test_nonsense_is_a_capture_error(address: str) -> None:
    with pytest.raises(CaptureError):
        kind_of(address)


@pytest.mark.parametrize(
    "address", ["ftp://host/a.mp4", "file:///a.mp4", "rtsp://", "http:///a", "rtsp://bob:pw@/a"]
)
def test_a_wrong_scheme_or_host_is_refused(address: str) -> None:
    with pytest.raises(CaptureError, match="expected"):
        kind_of(address)


def test_an_address_is_refused_without_telling_its_password() -> None:
    with pytest.raises(CaptureError) as caught:
        kind_of("ftp://bob:hush@host/a")

    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://10.0.0.7:554/stream", "rtsp://10.0.0.7:554/stream"),
        ("rtsp://bob:hush@10.0.0.7/s", "rtsp://***@10.0.0.7/s"),
        ("rtsp://bob@cam/s", "rtsp://***@cam/s"),
        ("rtsp://bob:hu@sh@cam/s", "rtsp://***@cam/s"),
        ("http://cam/v?user=bob&password=hush&size=2", "http://cam/v?user=***&password=***&size=2"),
        ("rtsp://cam/user=bob_password=hush_channel=1", "rtsp://cam/user=***_password=***_channel=1"),
        ("rtsp://cam/view@2", "rtsp://cam/view@2"),
        ("/videos/a@b.mp4", "/videos/a@b.mp4"),
        ("0", "0"),
    ],
)
def test_credentials_are_not_shown(address: str, shown: str) -> None:
    assert redacted(address) == shown


@pytest.mark.parametrize("password", ["hu/sh", "hu?sh", "hu#sh", "12/sh@x", "p@ss/w@rd"])
def test_an_unescaped_password_is_not_shown_either(password: str) -> None:
    shown = redacted(f"rtsp://bob:{password}@cam/stream@1")

    assert not any(part and part in shown for part in ("hu", "sh", "12", "p@ss", "rd"))


def test_the_password_of_a_file_is_escaped_into_the_url() -> None:
    assert with_password("rtsp://bob@cam:554/s", "a/b@c:d") == "rtsp://bob:a%2Fb%40c%3Ad@cam:554/s"
    assert with_password("rtsp://bob:old@cam/s", "new") == "rtsp://bob:new@cam/s"


def test_a_password_without_user_is_refused() -> None:
    with pytest.raises(CaptureError, match="user name"):
        with_password("rtsp://cam/s", "hush")
