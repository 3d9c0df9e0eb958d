"""Keeps evidence beside the inspection path: a sink that only enqueues, and one thread that writes.

Evidence that cannot be kept is counted and told, and never stops or slows the line.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgevision.errors import EvidenceError
from edgevision.evidence.backlog import Backlog
from edgevision.evidence.plan import Plan
from edgevision.evidence.render import render
from edgevision.evidence.store import EvidenceStore
from edgevision.messages import EvidenceFigures
from edgevision.types import Inspected

__all__ = ["EvidenceHealth", "EvidenceKeeper"]

_log = logging.getLogger(__name__)

_DROPPED_LATELY_S = 60.0


@dataclass(frozen=True, slots=True)
class EvidenceHealth:
    """What is wrong with the evidence at the moment."""

    failure: str = ""
    """Why the last exhibit could not be written; empty when it was."""
    is_dropping: bool = False
    """Evidence was lost in the last minute because writing was too slow."""
    is_squeezed: bool = False
    """NG and ND are being deleted, because there is no OK left to delete."""


class EvidenceKeeper:
    """An `InspectionSink` that keeps what the plan says."""

    def __init__(
        self,
        plan: Plan,
        store: EvidenceStore,
        *,
        station: str,
        waiting_max_bytes: int,
        overlay: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Compose; nothing is read or written before `start`."""
        self._plan = plan
        self._store = store
        self._station = station
        self._overlay = overlay
        self._clock = clock
        self._backlog = Backlog(waiting_max_bytes)
        self._counts = threading.Lock()
        self._kept = self._failed = self._dropped = 0
        self._dropped_at_s: float | None = None
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)

    @property
    def figures(self) -> EvidenceFigures:
        """What became of the evidence since the start."""
        return EvidenceFigures(
            kept=self._kept,
            dropped=self._dropped,
            failed=self._failed,
            deleted=self._store.deleted,
            size_bytes=self._store.size_bytes,
        )

    @property
    def health(self) -> EvidenceHealth:
        """What is wrong at the moment."""
        dropped_at_s = self._dropped_at_s
        is_dropping = dropped_at_s is not None and self._clock() - dropped_at_s < _DROPPED_LATELY_S
        return EvidenceHealth(self._failure, is_dropping, self._store.is_squeezed)

    def start(self) -> None:
        """Start the thread, which first learns what earlier runs kept."""
        self._thread.start()

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Remember what is to be kept; never waits."""
        for inspected in batch:
            if self._plan.keeps(inspected.inspection):
                self._note_dropped(self._backlog.offer(inspected))

    def close(self, timeout_s: float) -> None:
        """Write what waits, for at most `timeout_s`; the rest is lost, and counted. Safe to call twice."""
        self._backlog.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if lost := self._backlog.clear():
            self._note_dropped(lost)
            _log.warning("the evidence of %d inspections was not written before the end", lost)

    def _note_dropped(self, count: int) -> None:
        if count:
            with self._counts:
                self._dropped += count
                self._dropped_at_s = self._clock()

    def _run(self) -> None:
        try:
            self._store.open()
        except EvidenceError as error:
            self._failure = str(error)
        while (inspected := self._backlog.take()) is not None:
            self._keep(inspected)

    def _keep(self, inspected: Inspected) -> None:
        try:
            self._write(inspected)
        except EvidenceError as error:
            self._note_failure(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the next exhibit may be better
            _log.exception("the evidence of %s is lost", inspected.inspection.result_id)
            self._note_failure(f"unexpected: {error or type(error).__name__}")
        else:
            self._kept += 1
            self._failure = ""

    def _write(self, inspected: Inspected) -> None:
        inspection = inspected.inspection
        exhibit = self._plan.exhibit(inspection)
        files = render(
            inspected,
            exhibit,
            self._plan.image(inspection),
            station=self._station,
            uri=self._plan.uri(inspection),
            overlay=self._overlay,
        )
        self._store.put(exhibit, files)

    def _note_failure(self, text: str) -> None:
        self._failed += 1
        self._failure = text
