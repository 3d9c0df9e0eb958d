"""The station's ledger as its settings want it, and what is wrong with it."""

from edgevision.config.station import Station
from edgevision.daemon.watch import Condition, ledger_conditions
from edgevision.ledger.journal import Ledger

__all__ = ["open_ledger", "trouble_with"]


def open_ledger(station: Station, boot_id: str) -> Ledger | None:
    """Open the ledger of a station that has one and publishes; raises ForeignLedger."""
    settings = station.ledger
    if settings is None or station.mqtt is None:
        return None
    return Ledger(
        settings.path,
        boot_id,
        max_bytes=settings.max_bytes,
        keep_days=settings.keep_days,
        max_unwritten=station.mqtt.outbox_max_messages,
    )


def trouble_with(ledger: Ledger | None) -> list[Condition]:
    """Return what people should know about it."""
    return [] if ledger is None else ledger_conditions(ledger.failure, ledger.damaged)
