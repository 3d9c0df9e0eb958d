"""The web server in a thread of its own, on a port that is taken before anything starts."""

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from edgevision.errors import UsageError

__all__ = ["WebServer"]

_STOP_TIMEOUT_S = 5.0


class WebServer:
    """Serves an application until `stop`."""

    def __init__(self, application: ASGIApp, host: str, port: int) -> None:
        """Take the port; 0 takes a free one. Raises UsageError when it cannot be had."""
        self._socket = _listening(host, port)
        self._host = host
        config = uvicorn.Config(
            application,
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def address(self) -> str:
        """The address of the first page; of this machine where it listens on all its addresses."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)  # noqa: S104
        literal = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"http://{literal}:{self._socket.getsockname()[1]}/"

    def start(self) -> None:
        """Begin serving; requests that come earlier wait in the socket."""
        self._thread.start()

    def stop(self) -> None:
        """End open requests and the thread."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=_family(host))
    except OSError as error:
        raise UsageError(
            f"--bind {host} --port {port}: cannot listen there: {error.strerror or error};"
            " choose another address or port"
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
