"""Which result to send when: in order, within the broker's window, again until it is acknowledged.

A connection that breaks costs nothing but a repetition. A result that the broker refuses (no
right to publish, too large, a full quota) is set aside and offered again later, so that it
holds nothing up; refusals in a row slow everything down to one probe at a time, with growing
pauses. Only for the publisher's thread.
"""

import math
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from edgevision.messages import OutboxFigures, stamp_published
from edgevision.ports import Broker, Delivery, Message, Outbox, OutboxRow
from edgevision.types import Judgement

__all__ = ["LATE_AFTER_S", "REFUSED_AGAIN_S", "ResultStream"]

REFUSED_AGAIN_S = 60.0
"""A refused result is offered again after this time."""

LATE_AFTER_S = 10.0
"""A result that has waited for longer is marked as late."""

_WINDOW = 20
_PAUSE_MIN_S = 1.0
_LOOK_AGAIN_S = 0.05
_LOOK_EVERY_S = 1.0
"""At the outbox, when nobody said that there is more: it may not have been readable."""

Later = Callable[[Callable[[], None]], None]


class ResultStream:
    """Moves rows from an outbox to a broker."""

    def __init__(
        self,
        broker: Broker,
        outbox: Outbox,
        later: Later,
        *,
        expiry_s: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Compose; `later` runs a function in the publisher's thread."""
        self._broker = broker
        self._outbox = outbox
        self._later = later
        self._expiry_s = expiry_s
        self._clock = clock
        self._wall_ns = wall_ns
        self._in_flight: set[int] = set()
        self._set_aside: dict[int, float] = {}
        self._look_at_s = -math.inf
        self._pause_s = 0.0
        self._resume_at = 0.0
        self._delivered = self._late = self._resent = self._refused = 0
        self.refusal = ""

    @property
    def figures(self) -> OutboxFigures:
        """What became of the results so far."""
        dropped = self._outbox.dropped
        return OutboxFigures(
            depth=self._outbox.depth,
            delivered=self._delivered,
            late=self._late,
            resent=self._resent,
            refused=self._refused,
            dropped_ok=dropped[Judgement.OK],
            dropped_ng=dropped[Judgement.NG],
            dropped_nd=dropped[Judgement.ND],
        )

    @property
    def due_in_s(self) -> float | None:
        """When to look again, in seconds from now; None when an event will say so."""
        due_s = min(self._set_aside.values(), default=self._resume_at if self._pause_s else None)
        if due_s is None or self._broker.connected_at_s is None or self._room <= 0:
            return None
        return max(_LOOK_AGAIN_S, max(due_s, self._resume_at) - self._clock())

    def look(self) -> None:
        """Look into the outbox at the next `send`: there is more in it than it has shown."""
        self._look_at_s = -math.inf

    def send(self) -> None:
        """Send what may be sent now."""
        connected_at_s = self._broker.connected_at_s
        if connected_at_s is None or self._clock() < self._resume_at:
            return
        for row in self._due(self._room):
            self._in_flight.add(row.row_id)
            is_late = row.age_ns > 1e9 * min(LATE_AFTER_S, self._clock() - connected_at_s)
            message = self._message(row, is_late=is_late)
            if not self._broker.publish(message, partial(self._on_done, row.row_id, is_late)):
                self._in_flight.discard(row.row_id)
                self.look()
                return

    @property
    def _room(self) -> int:
        window = 1 if self._pause_s else min(self._broker.receive_maximum, _WINDOW)
        return window - len(self._in_flight)

    def _due(self, room: int) -> Sequence[OutboxRow]:
        now = self._clock()
        if room <= 0 or now < min((self._look_at_s, *self._set_aside.values())):
            return []
        aside = {row_id for row_id, until in self._set_aside.items() if until > now}
        rows = self._outbox.pending(room, aside | self._in_flight)
        self._look_at_s = -math.inf if len(rows) == room else now + _LOOK_EVERY_S
        if len(aside) < len(self._set_aside):
            self._forget_dropped(aside, rows, through=rows[-1].row_id if len(rows) == room else math.inf)
        return rows

    def _forget_dropped(self, aside: AbstractSet[int], rows: Sequence[OutboxRow], through: float) -> None:
        """Forget whose time has come and who is not among the oldest that wait."""
        kept = aside | {row.row_id for row in rows}
        self._set_aside = {
            row_id: until for row_id, until in self._set_aside.items() if row_id in kept or row_id > through
        }

    def _message(self, row: OutboxRow, *, is_late: bool) -> Message:
        payload = stamp_published(
            row.payload,
            self._wall_ns(),
            boot_id=row.boot_id,
            sequence=row.sequence,
            is_late=is_late,
            is_saved=row.is_saved,
        )
        return Message(row.topic, payload, qos=1, expiry_s=self._expiry_of(row))

    def _expiry_of(self, row: OutboxRow) -> int | None:
        """The broker counts from when it gets a message: what has passed before is taken off."""
        if self._expiry_s is None:
            return None
        return max(1, self._expiry_s - row.age_ns // 1_000_000_000)

    def _on_done(self, row_id: int, is_late: bool, delivery: Delivery) -> None:
        self._later(partial(self._settle, row_id, is_late, delivery))

    def _settle(self, row_id: int, is_late: bool, delivery: Delivery) -> None:
        self._in_flight.discard(row_id)
        if delivery.ok:
            self._late += is_late
            self._accept(row_id)
        elif delivery.refused:
            self._refuse(row_id, delivery.reason)
        else:
            self._resent += 1
            self.look()

    def _accept(self, row_id: int) -> None:
        self._outbox.delivered(row_id)
        self._set_aside.pop(row_id, None)
        self._delivered += 1
        self._pause_s = self._resume_at = 0.0
        if not self._set_aside:
            self.refusal = ""

    def _refuse(self, row_id: int, reason: str) -> None:
        now = self._clock()
        self._refused += 1
        self.refusal = reason
        self._set_aside[row_id] = now + REFUSED_AGAIN_S
        if now >= self._resume_at:
            self._pause_s = min(2 * self._pause_s or _PAUSE_MIN_S, REFUSED_AGAIN_S)
            self._resume_at = now + self._pause_s
