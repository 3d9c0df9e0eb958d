import socket

import pytest

from edgevision.capture.reach import require_listener
from edgevision.errors import CaptureError

LONG_S = 30.0


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_port_that_listens_is_reached(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        require_listener(f"{scheme}://bob:hush@127.0.0.1:{listener.getsockname()[1]}/v", "cam")
        listener.settimeout(LONG_S)
        visit, _ = listener.accept()

        with visit:
            assert visit.recv(1) == b"", "it only hangs up"


def test_a_port_that_nobody_listens_on_is_told_with_its_host(unused_port: int) -> None:
    with pytest.raises(CaptureError, match=r"cam: expected an answer from 127\.0\.0\.1 port \d+, got: Conn"):
        require_listener(f"http://bob:hush@127.0.0.1:{unused_port}/v", "cam")


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[bob@127.0.0.1/"])
def test_an_address_that_cannot_be_read_is_told_without_its_secrets(url: str) -> None:
    with pytest.raises(CaptureError, match="cam: expected a URL with host and port") as caught:
        require_listener(url, "cam")
    assert "bob" not in str(caught.value)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
