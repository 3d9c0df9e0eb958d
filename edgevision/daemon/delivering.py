"""How a station's results get to its broker, made from the settings: outbox, publisher, connection."""

import time

from edgevision.config.station import LedgerSettings, Station
from edgevision.health import Beat
from edgevision.ledger.journal import Ledger
from edgevision.messages import Topics
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink, UriOf
from edgevision.ports import InspectionSink

__all__ = ["Delivering"]

_FAREWELL_S = 0.5


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
            LedgerError: the ledger cannot be opened.
        """
        self.broker: PahoBroker | None = None
        self.publisher: Publisher | None = None
        self.sinks: list[InspectionSink] = []
        self._ledger = _open_ledger(station.ledger, run_id, beat)
        settings = station.mqtt
        if settings is not None:
            outbox = self._ledger or MemoryOutbox(settings.outbox_max_messages)
            self.broker = PahoBroker(settings, topics)
            self.publisher = Publisher(
                self.broker, outbox, topics, result_expiry_s=settings.result_expiry_s, beat=beat
            )
            self.sinks.append(ResultSink(outbox, self.publisher, topics, uri_of))

    @property
    def waiting(self) -> int:
        """How many results the broker has not acknowledged."""
        return self.publisher.figures.depth if self.publisher is not None else 0

    def start(self) -> None:
        """Begin to connect and to deliver."""
        if self.publisher is not None and self.broker is not None:
            self.publisher.start()
            self.broker.start()

    def stop(self, stop_by_s: float) -> None:
        """Deliver what waits until `stop_by_s` (monotonic), and say good-bye."""
        if self.publisher is not None and self.broker is not None:
            self.publisher.stop(max(_FAREWELL_S, stop_by_s - time.monotonic()))
            self.broker.stop(max(_FAREWELL_S, stop_by_s - time.monotonic()))
        if self._ledger is not None:
            self._ledger.close()


def _open_ledger(settings: LedgerSettings | None, run_id: str, beat: Beat) -> Ledger | None:
    if settings is None:
        return None
    return Ledger(
        settings.path, run_id, max_waiting=settings.max_waiting, keep_days=settings.keep_days, beat=beat
    )
