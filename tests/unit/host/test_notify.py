"""Real datagram sockets, by path and abstract, as systemd has them."""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgevision.host.notify import Systemd


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address.replace("@", "\0"))
        receiver.settimeout(10.0)
        yield receiver


def test_one_call_is_one_datagram_to_a_path(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listening(address) as receiver:
        Systemd({"NOTIFY_SOCKET": address}).tell("READY=1", "STATUS=two\nlines")

        assert receiver.recv(4096) == b"READY=1\nSTATUS=two lines"


def test_an_abstract_socket_is_reached_too() -> None:
    address = f"@edgevision-{uuid.uuid4()}"
    with listening(address) as receiver:
        Systemd({"NOTIFY_SOCKET": address}).tell("WATCHDOG=1")

        assert receiver.recv(4096) == b"WATCHDOG=1"


def test_nothing_is_sent_where_nobody_asked(caplog: pytest.LogCaptureFixture) -> None:
    Systemd({}).tell("READY=1")

    assert caplog.text == ""


def test_a_manager_that_is_gone_is_logged_and_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")

    assert "systemd cannot be told READY=1" in caplog.text


@pytest.mark.parametrize(
    ("environment", "expected_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_holds_for_the_process_it_is_meant_for(
    environment: dict[str, str], expected_s: float | None
) -> None:
    assert Systemd(environment).watchdog_s == expected_s
