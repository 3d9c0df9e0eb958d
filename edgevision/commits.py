"""Hands finished inspections to the sinks in the order in which their work was begun.

One thread commits at a time; what others finish meanwhile is left to that one.
"""

import threading
from collections.abc import Sequence

from edgevision.ports import InspectionSink
from edgevision.types import Inspected

__all__ = ["OrderedCommits"]


class OrderedCommits:
    """Puts inspections that are finished in any order back into theirs. Safe in many threads."""

    def __init__(self, sinks: Sequence[InspectionSink], changed: threading.Condition) -> None:
        """Compose; `changed` guards the state, and is notified of every commit."""
        self._sinks = tuple(sinks)
        self._changed = changed
        self._done: dict[int, Inspected] = {}
        self.committed = 0
        """How many tickets, from 0 on, are with the sinks."""

    def finish(self, ticket: int, inspected: Inspected) -> list[Inspected]:
        """Commit what is complete and return it; tickets count from 0.

        After a sink has failed nothing more is committed: what is committed has no gap.
        """
        with self._changed:
            self._done[ticket] = inspected
        all_of_them: list[Inspected] = []
        while batch := self._next_batch():
            for sink in self._sinks:
                sink.commit(batch)
            with self._changed:
                self.committed += len(batch)
                self._changed.notify_all()
            all_of_them += batch
        return all_of_them

    def _next_batch(self) -> list[Inspected]:
        """Return what follows the last commit; nothing while a commit is under way, or has failed."""
        with self._changed:
            batch: list[Inspected] = []
            while (ticket := self.committed + len(batch)) in self._done:
                batch.append(self._done.pop(ticket))
            return batch
