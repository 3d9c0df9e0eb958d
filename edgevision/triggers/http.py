"""Triggers over HTTP, for programs on the same machine: POST /trigger with the payload of the command.

Web pages cannot use it: a request must say that it is JSON, and that it is meant for this host.
"""

import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from edgevision.loopback import LoopbackHandler, LoopbackServer

__all__ = ["Ask", "HttpInput"]

_MAX_BYTES = 4096
_STATUSES = {"bad_payload": HTTPStatus.BAD_REQUEST, "unknown_camera": HTTPStatus.NOT_FOUND}

Ask = Callable[[bytes, int], Mapping[str, Any]]
"""Takes a payload and when it came (monotonic, ns); returns the answer message."""


class HttpInput:
    """The server. `port` is what it listens on."""

    def __init__(self, port: int, ask: Ask) -> None:
        """Listen, and answer nothing yet; port 0 takes a free one. Raises ConfigError."""
        self._server = LoopbackServer("triggers.http_port", port, _handler(ask))
        self.port = self._server.port

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop()


def _handler(ask: Ask) -> type[LoopbackHandler]:
    """Return a class of handlers, as http.server wants it."""

    class Handler(LoopbackHandler):
        def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
            received_ns = time.monotonic_ns()
            refusal = self._refusal()
            if refusal is not None:
                self.send_error(refusal)
                return
            answer = ask(self.rfile.read(int(self.headers["Content-Length"])), received_ns)
            self.reply(_status(answer), "application/json", json.dumps(answer).encode())

        def _refusal(self) -> HTTPStatus | None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/trigger":
                return HTTPStatus.NOT_FOUND
            if not self.is_for_this_host:
                return HTTPStatus.FORBIDDEN
            if self.headers.get_content_type() != "application/json":
                return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            if not (length.isascii() and length.isdigit()):
                return HTTPStatus.LENGTH_REQUIRED
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if int(length) > _MAX_BYTES else None

    return Handler


def _status(answer: Mapping[str, Any]) -> HTTPStatus:
    return HTTPStatus.ACCEPTED if answer["ok"] else _STATUSES.get(answer["code"], HTTPStatus.CONFLICT)
