"""A small HTTP server on the loopback interface: few requests at a time, small and quick ones.

What is answered is decided by handlers derived from `LoopbackHandler`. Web pages cannot use it: a request
must be meant for this host.
"""

import logging
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edgevision.errors import ConfigError

__all__ = ["LoopbackHandler", "LoopbackServer"]

_log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_TIMEOUT_S = 2.0
_AT_ONCE = 8
_LOOK_EVERY_S = 0.1


class LoopbackHandler(BaseHTTPRequestHandler):
    """What all handlers share; a derived one has `do_GET` or the like."""

    timeout = _TIMEOUT_S
    server_version = "edgevision"
    sys_version = ""

    @property
    def is_for_this_host(self) -> bool:
        """False for a request that a web page has sent here under another name."""
        return self.headers.get("Host", "").rsplit(":", 1)[0] in (_HOST, "localhost")

    def reply(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text: str, *values: object) -> None:
        """Keep requests out of the log, except where somebody looks for them."""
        _log.debug(text, *values)


class LoopbackServer:
    """The server. `port` is what it listens on."""

    def __init__(self, setting: str, port: int, handler: type[LoopbackHandler]) -> None:
        """Listen, and answer nothing yet; port 0 takes a free one.

        Raises:
            ConfigError: the port cannot be used; the error names `setting`.
        """
        try:
            self._server = _Server((_HOST, port), handler)
        except OSError as error:
            raise ConfigError(
                f"{setting} {port}: cannot be listened on: {error}; choose a free port above 1023"
            ) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK_EVERY_S,), name=setting, daemon=True
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


def _hang_up(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)
