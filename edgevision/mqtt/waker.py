"""Wakes a thread that waits at a selector, from any other thread."""

import socket

__all__ = ["Waker"]


class Waker:
    """A pair of sockets; register it for reading."""

    def __init__(self) -> None:
        """Open both ends."""
        self._in, self._out = socket.socketpair()
        self._in.setblocking(False)
        self._out.setblocking(False)

    def fileno(self) -> int:
        """Return what the selector waits for."""
        return self._out.fileno()

    def wake(self) -> None:
        """Make the selector return."""
        try:
            self._in.send(b"\0")
        except OSError:
            return  # Full of wake-ups already, or closed.

    def drain(self) -> None:
        """Forget the wake-ups so far; the selector must have said that there is one."""
        self._out.recv(4096)

    def close(self) -> None:
        """Close both ends; safe to call twice."""
        self._in.close()
        self._out.close()
