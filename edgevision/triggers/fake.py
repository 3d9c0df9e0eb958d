"""A line without hardware, for the tests of everything behind a GPIO line."""

import queue
import threading
import time
from collections.abc import Sequence

from edgevision.errors import CaptureError

__all__ = ["FakeLine"]


class FakeLine:
    """The `EdgeLine` port in memory: `pulse` makes an edge, `break_down` a line that fails."""

    def __init__(self) -> None:
        """Begin quiet."""
        self._edges: queue.SimpleQueue[int | CaptureError] = queue.SimpleQueue()
        self.closed = threading.Event()

    @property
    def name(self) -> str:
        """The line for people."""
        return "fake:0"

    def pulse(self, at_ns: int | None = None) -> int:
        """Make an edge and return its time: now, unless it is given."""
        edge_ns = time.monotonic_ns() if at_ns is None else at_ns
        self._edges.put(edge_ns)
        return edge_ns

    def break_down(self) -> None:
        """Fail at the next `wait`."""
        self._edges.put(CaptureError("fake:0: cannot be read; check the wiring"))

    def wait(self, timeout_s: float) -> Sequence[int]:
        """Return the next edge."""
        try:
            edge = self._edges.get(timeout=timeout_s)
        except queue.Empty:
            return ()
        if isinstance(edge, CaptureError):
            raise edge
        return (edge,)

    def close(self) -> None:
        """Note it."""
        self.closed.set()
