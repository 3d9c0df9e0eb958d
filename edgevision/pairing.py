"""Pairs the triggers of one camera with its frames, and knows which can wait no longer. Pure.

Frames and triggers come in any order; no clock is read here. Whoever shares a `Pairing` guards it.
"""

from dataclasses import dataclass, replace

from edgevision.trigger import FrameRing, NoFrame, pick
from edgevision.types import Frame, Reason, Trigger

__all__ = ["Order", "Pairing"]


@dataclass(slots=True, eq=False)
class Order:
    """An accepted trigger on its way to its verdict."""

    ticket: int
    trigger: Trigger
    frame: Frame | None = None
    cause: Reason | None = None
    """Why there will be no frame."""


class Pairing:
    """The open orders of a camera, and the frames that may belong to them."""

    def __init__(self, capture_delay_ns: int) -> None:
        """Begin empty; see `edgevision.trigger` about the delay."""
        self._capture_delay_ns = capture_delay_ns
        self._ring = FrameRing()
        self._open: dict[int, Order] = {}
        self._ready: dict[int, Order] = {}

    @property
    def is_idle(self) -> bool:
        """True when no order is open."""
        return not self._open

    @property
    def has_ready(self) -> bool:
        """True when an open order has a frame that nobody has begun to inspect."""
        return bool(self._ready)

    def see(self, frame: Frame, reach_ns: int) -> bool:
        """Take note of a frame, keeping those up to `reach_ns` before it; True when it was waited for."""
        self._ring.add(frame, reach_ns + self._capture_delay_ns)
        matched = [self._match(order) for order in self._open.values()]
        return any(matched)

    def add(self, ticket: int, trigger: Trigger) -> None:
        """Open an order."""
        order = self._open[ticket] = Order(ticket, trigger)
        self._match(order)

    def next_ready(self) -> Order | None:
        """Return the next order to inspect; each is returned once, and only while it is open."""
        ticket = next(iter(self._ready), None)
        return None if ticket is None else self._ready.pop(ticket)

    def settle(self, order: Order) -> bool:
        """Close an order for its verdict and keep nothing of it; False when it has been closed before."""
        self._ready.pop(order.ticket, None)
        return self._open.pop(order.ticket, None) is not None

    def give_up(self, cause: Reason) -> None:
        """Let no order wait for its frame any longer."""
        for order in self._open.values():
            if order.frame is None:
                order.cause = order.cause or cause

    def due(self, now_ns: int) -> list[Order]:
        """Return the open orders that get no frame, or whose deadline has passed."""
        orders = self._open.values()
        return [order for order in orders if order.cause or order.trigger.deadline_ns <= now_ns]

    @property
    def next_deadline_ns(self) -> int | None:
        """The nearest deadline of an open order (monotonic); None without one."""
        return min((order.trigger.deadline_ns for order in self._open.values()), default=None)

    def _match(self, order: Order) -> bool:
        """Look for the frame of an order that waits for one; True when that has come to an end."""
        if order.frame is not None or order.cause is not None:
            return False
        found = pick(order.trigger, self._ring, self._capture_delay_ns)
        if isinstance(found, NoFrame):
            order.cause = found.reason
        elif found is not None:
            order.frame = replace(found, trigger=order.trigger, part_id=order.trigger.part_id)
            self._ready[order.ticket] = order
        return found is not None
