"""How a station's results get to its broker, made from the settings: outbox, publisher, connection."""

import logging
import time

from edgevision.config.station import Station
from edgevision.daemon.watch import Condition, ledger_conditions
from edgevision.errors import EdgeVisionError, LedgerError, PublishError
from edgevision.health import Beat
from edgevision.ledger.journal import Ledger
from edgevision.messages import Topics
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.homeassistant import announce
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink, UriOf
from edgevision.ports import InspectionSink, Outbox

__all__ = ["Delivering"]

_log = logging.getLogger(__name__)

_FAREWELL_S = 0.5
_LAST_WRITE_S = 0.5


class Delivering:
    """The way to the broker. A station without one has neither publisher nor broker, and no sinks."""

    def __init__(self, station: Station, topics: Topics, run_id: str, uri_of: UriOf, beat: Beat) -> None:
        """Compose; nothing is sent before `start`.

        Args:
            station: The settings.
            topics: Those of the station.
            run_id: Names this run of the program.
            uri_of: Says where the evidence of an inspection will be.
            beat: Called by each thread on every round.

        Raises:
            ConfigError: the broker's settings name files that cannot be used.
            ForeignLedger: the ledger is of another version, or another process writes it.
        """
        self.broker: PahoBroker | None = None
        self.publisher: Publisher | None = None
        self.sinks: list[InspectionSink] = []
        self._ledger = _open_ledger(station, run_id, beat)
        self._outbox: Outbox | None = None
        settings = station.mqtt
        if settings is not None:
            outbox = self._outbox = self._ledger or MemoryOutbox(settings.outbox_max_messages, run_id)
            self.broker = PahoBroker(settings, topics)
            self.publisher = Publisher(
                self.broker, outbox, topics, result_expiry_s=settings.result_expiry_s, beat=beat
            )
            announce(station, topics, self.broker, self.publisher)
            self.sinks.append(ResultSink(outbox, self.publisher, topics, uri_of))

    @property
    def waiting(self) -> int:
        """How many results the broker has not acknowledged."""
        return self.publisher.figures.depth if self.publisher is not None else 0

    def conditions(self) -> list[Condition]:
        """Return what is wrong with the ledger."""
        ledger = self._ledger
        return [] if ledger is None else ledger_conditions(ledger.failure, ledger.damaged)

    @property
    def is_held(self) -> bool:
        """Whether, after `stop`, the disk still holds the ledger."""
        return self._ledger is not None and self._ledger.is_held

    def start(self) -> None:
        """Begin to connect and to deliver."""
        if self.publisher is not None and self.broker is not None:
            self.publisher.start()
            self.broker.start()

    def stop(self, stop_by_s: float) -> None:
        """Deliver what waits until `stop_by_s` (monotonic), and say good-bye."""
        if self.publisher is not None and self.broker is not None:
            self.publisher.stop(max(_FAREWELL_S, stop_by_s - _FAREWELL_S - time.monotonic()))
            self.broker.stop(max(_FAREWELL_S, stop_by_s - time.monotonic()))
        if self._ledger is not None:
            self._ledger.close(max(_LAST_WRITE_S, stop_by_s - time.monotonic()))

    def account(self, *, is_fatal: bool) -> None:
        """After `stop`, log how many results neither the broker nor a ledger has; raise it if `is_fatal`.

        Raises:
            PublishError: there are some, and the station has no ledger.
            LedgerError: there are some that the ledger could not take.
        """
        loss = self._loss()
        if loss is not None and is_fatal:
            raise loss
        if loss is not None:
            _log.error("%s", loss)

    def _loss(self) -> EdgeVisionError | None:
        outbox, ledger = self._outbox, self._ledger
        if outbox is None or not outbox.depth:
            return None
        if ledger is None:
            text = "the broker has not acknowledged them; give the station a ledger that keeps them"
            return PublishError(f"results lost: {outbox.depth}; {text}")
        if ledger.is_held:
            return LedgerError(f"results that may be lost: {ledger.depth} at most; the disk does not answer")
        lost = sum(not row.is_saved for row in ledger.pending(ledger.depth))
        text = f"the broker has not acknowledged them, nor could the ledger take them: {ledger.failure}"
        return LedgerError(f"results lost: {lost}; {text}") if lost else None


def _open_ledger(station: Station, run_id: str, beat: Beat) -> Ledger | None:
    """Open the ledger of a station that has one and publishes."""
    settings = station.ledger
    if settings is None or station.mqtt is None:
        return None
    return Ledger(
        settings.path,
        run_id,
        max_bytes=settings.max_bytes,
        keep_days=settings.keep_days,
        max_unwritten=station.mqtt.outbox_max_messages,
        beat=beat,
    )
