import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edgevision.errors import ConfigError
from edgevision.triggers.http import HttpInput

JSON = {"Content-Type": "application/json"}


@contextmanager
def serving(answer: dict[str, Any]) -> Iterator[tuple[HttpInput, list[bytes]]]:
    asked: list[bytes] = []

    def ask(payload: bytes, _received_ns: int) -> dict[str, Any]:
        asked.append(payload)
        return answer

    server = HttpInput(0, ask)
    server.start()
    try:
        yield server, asked
    finally:
        server.stop()


def post(port: int, body: bytes, headers: dict[str, str], path: str = "/trigger") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"ok": True, "code": "accepted"}, 202),
        ({"ok": False, "code": "bad_payload"}, 400),
        ({"ok": False, "code": "unknown_camera"}, 404),
        ({"ok": False, "code": "not_ready"}, 409),
    ],
)
def test_a_trigger_is_handed_on_and_its_answer_returned(answer: dict[str, Any], status: int) -> None:
    with serving(answer) as (server, asked):
        got, content = post(server.port, b'{"id":"1"}', JSON)

    assert (got, json.loads(content)) == (status, answer)
    assert asked == [b'{"id":"1"}']


@pytest.mark.parametrize(
    ("headers", "path", "size", "status"),
    [
        (JSON, "/other", 2, 404),
        ({"Content-Type": "text/plain"}, "/trigger", 2, 415),
        (JSON | {"Host": "evil.example"}, "/trigger", 2, 403),
        (JSON, "/trigger", 5000, 413),
        (JSON | {"Content-Length": "x"}, "/trigger", 2, 411),
    ],
)
def test_what_is_no_trigger_is_refused_unread(
    headers: dict[str, str], path: str, size: int, status: int
) -> None:
    with serving({"ok": True, "code": "accepted"}) as (server, asked):
        got, _ = post(server.port, b" " * size, headers, path)

    assert got == status
    assert asked == []


def test_clients_that_send_nothing_are_hung_up_on_and_do_not_shut_others_out_for_long() -> None:
    with serving({"ok": True, "code": "accepted"}) as (server, asked):
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(20)]
        for one in idle:
            assert one.recv(100) == b""
            one.close()
        assert post(server.port, b"{}", JSON)[0] == 202

    assert asked == [b"{}"]


def test_a_port_in_use_is_a_mistake_in_the_settings() -> None:
    with serving({}) as (server, _), pytest.raises(ConfigError, match="choose a free port"):
        HttpInput(server.port, lambda *_: {})


def test_it_listens_on_the_loopback_interface_only() -> None:
    with serving({}) as (server, _):
        assert server._server._server.server_address[0] == "127.0.0.1"
        assert threading.active_count() < 20
