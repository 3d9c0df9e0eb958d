"""Triggers over HTTP, for programs on the same machine: POST /trigger with the payload of the command.

Listens on the loopback interface only, for few requests at a time, small and quick ones. Web pages
cannot use it: a request must say that it is JSON, and that it is meant for this host.
"""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edgevision.errors import ConfigError

__all__ = ["HttpInput"]

_log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_MAX_BYTES = 4096
_TIMEOUT_S = 2.0
_AT_ONCE = 8
_LOOK_EVERY_S = 0.1
_STATUSES = {"bad_payload": HTTPStatus.BAD_REQUEST, "unknown_camera": HTTPStatus.NOT_FOUND}

Ask = Callable[[bytes, int], Mapping[str, Any]]
"""Takes a payload and when it came (monotonic, ns); returns the answer message."""


class HttpInput:
    """The server. `port` is what it listens on."""

    def __init__(self, port: int, ask: Ask) -> None:
        """Listen, and answer nothing yet; port 0 takes a free one. Raises ConfigError."""
        try:
            self._server = _Server((_HOST, port), _handler(ask))
        except OSError as error:
            raise ConfigError(
                f"triggers.http_port {port}: cannot be listened on: {error}; choose a free port above 1023"
            ) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="http-trigger", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """A thread for each request, of which there are few at a time; further connections are closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = _AT_ONCE

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # The handler's own time-out is one of each read; a client could send a byte now and then.
        hang_up = threading.Timer(_TIMEOUT_S, _hang_up, (request,))
        hang_up.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            hang_up.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's signature
        _log.debug("an HTTP client went away", exc_info=True)


def _handler(ask: Ask) -> type[BaseHTTPRequestHandler]:
    """Return a class of handlers, as http.server wants it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT_S
        server_version = "edgevision"
        sys_version = ""

        def do_POST(self) -> None:
            received_ns = time.monotonic_ns()
            refusal = self._refusal()
            if refusal is not None:
                self.send_error(refusal)
                return
            answer = ask(self.rfile.read(int(self.headers["Content-Length"])), received_ns)
            body = json.dumps(answer).encode()
            self.send_response(_status(answer))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _refusal(self) -> HTTPStatus | None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/trigger":
                return HTTPStatus.NOT_FOUND
            if self.headers.get("Host", "").rsplit(":", 1)[0] not in (_HOST, "localhost"):
                return HTTPStatus.FORBIDDEN
            if self.headers.get_content_type() != "application/json":
                return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            if not (length.isascii() and length.isdigit()):
                return HTTPStatus.LENGTH_REQUIRED
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if int(length) > _MAX_BYTES else None

        def log_message(self, text: str, *values: object) -> None:
            _log.debug(text, *values)

    return Handler


def _hang_up(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


def _status(answer: Mapping[str, Any]) -> HTTPStatus:
    return HTTPStatus.ACCEPTED if answer["ok"] else _STATUSES.get(answer["code"], HTTPStatus.CONFLICT)
