import pytest

from edgevision.config.passwords import holds_password


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://bob:hush@10.0.0.1/s",
        "http://bob:hu/sh@cam/v",
        "rtsp://bob:123@cam",
        "RTSP://bob:p%40w@[fe80::1]:554/s",
    ],
)
def test_a_password_before_the_host_is_recognised(address: str) -> None:
    assert holds_password(address)


@pytest.mark.parametrize(
    "address",
    [
        "0",
        "sample:1",
        "parts/a:b@c.mp4",
        "rtsp://bob@cam:554/s",
        "rtsp://bob:@cam/s",
        "http://cam:8080/stream@1",
        "http://[fe80::1]:80/stream@1",
        "http://cam/v?user=bob",
    ],
)
def test_an_address_without_one_is_left_alone(address: str) -> None:
    assert not holds_password(address)
