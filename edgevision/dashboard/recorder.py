"""Writes the history behind the live state's back: one thread, in batches, from a bounded memory."""

import logging
import threading
from collections.abc import Callable

from edgevision.dashboard.alarms import Alarm
from edgevision.dashboard.history import Batch, History
from edgevision.dashboard.window import Minute
from edgevision.errors import OutputError
from edgevision.messages.result import ResultMessage

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)

_WRITE_EVERY_S = 0.5
_FORGET_EVERY = 120
"""Writings between two looks at age and size."""
_MAX_RESULTS = 20_000
_MAX_PICTURES = 100


class Recorder:
    """The `Keeper` of a dashboard. What a slow or full disk does not take is dropped and counted."""

    def __init__(self, history: History, now_ms: Callable[[], int]) -> None:
        """Begin with nothing to write. `now_ms` is the time in UTC milliseconds."""
        self._history = history
        self._now_ms = now_ms
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._batch = Batch()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self.dropped = 0
        """Results and pictures that the history has missed."""
        self.problem = ""
        """Why the last writing failed; empty when it did not."""

    def keep_result(self, message: ResultMessage, payload: bytes, received_ms: int) -> None:
        """Keep a result."""
        row = (message.result_id, message.station, message.camera, received_ms)
        more = (message.judgement.value, message.part_id, message.reason, payload)
        with self._guard:
            if len(self._batch.results) < _MAX_RESULTS:
                self._batch.results.append((*row, *more))
            else:
                self.dropped += 1

    def keep_minute(self, station: str, camera: str, minute: Minute) -> None:
        """Keep what the minute holds when it is written."""
        with self._guard:
            self._batch.minutes[station, camera, minute.number] = minute

    def keep_picture(self, result_id: str, jpeg: bytes, received_ms: int) -> None:
        """Keep a picture."""
        with self._guard:
            if len(self._batch.pictures) < _MAX_PICTURES:
                self._batch.pictures.append((result_id, received_ms, jpeg))
            else:
                self.dropped += 1

    def keep_alarm(self, station: str, alarm: Alarm) -> None:
        """Keep an alarm as it is now."""
        with self._guard:
            self._batch.alarms[station, alarm.key] = alarm

    def start(self) -> None:
        """Begin writing."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left and close the file."""
        self._stopping.set()
        self._thread.join()
        self.flush()
        self._history.close()

    def flush(self) -> None:
        """Write now, so that what was kept can be looked up."""
        with self._writing:
            with self._guard:
                batch, self._batch = self._batch, Batch()
            if batch.is_empty:
                return
            self._attempt(lambda: self._history.write(batch), len(batch.results) + len(batch.pictures))

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.wait(_WRITE_EVERY_S):
            self.flush()
            if rounds % _FORGET_EVERY == 0:
                with self._writing:
                    self._attempt(lambda: self._history.forget(self._now_ms()), 0)
            rounds += 1

    def _attempt(self, work: Callable[[], None], at_stake: int) -> None:
        try:
            work()
        except OutputError as error:
            self.dropped += at_stake
            if str(error) != self.problem:
                _log.error("%s", error)
            self.problem = str(error)
        else:
            self.problem = ""
