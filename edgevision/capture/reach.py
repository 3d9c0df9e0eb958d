"""Finds out cheaply whether anything listens at a stream's address, before a decoder is set up for it.

A switched-off host answers nothing, and a decoder would wait for it as long as for a slow camera:
with a short question asked often, a camera that comes back is found at once.
"""

import socket
from urllib.parse import urlsplit

from edgevision.errors import CaptureError

__all__ = ["require_listener"]

_TIMEOUT_S = 0.75
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


def require_listener(url: str, name: str) -> None:
    """Connect over TCP and hang up; RTSP begins with TCP, whatever carries its pictures.

    A host that is there answers within a few milliseconds on a plant's network.

    Raises:
        CaptureError: Nobody answers; `name` is what the message calls the camera.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme.lower()]
    except ValueError as error:
        raise CaptureError(f"{name}: expected a URL with host and port; correct the source") from error
    try:
        socket.create_connection((host, port), _TIMEOUT_S).close()
    except OSError as error:
        msg = f"{name}: expected an answer from {host} port {port}, got: {error.strerror or error}"
        raise CaptureError(f"{msg}; check its power, cable and address") from error
