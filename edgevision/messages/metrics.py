"""The metrics message: how one camera and its way to the broker are doing. Counting is not done here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc, milliseconds

__all__ = [
    "SCHEMA",
    "CameraFigures",
    "EvidenceFigures",
    "MetricsMessage",
    "OutboxFigures",
    "metrics_message",
]

SCHEMA = "edgevision.metrics/1"

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """What one camera and its inspection did since the start; rate and latencies of the last interval."""

    frames: int
    ok: int
    ng: int
    nd: int
    skipped: int
    reopened: int
    reads_failed: int
    rate_hz: float
    latencies_ns: Sequence[int] = ()
    """From capture to verdict."""


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """What became of the results on their way to the broker, since the start."""

    depth: int = 0
    """Results not yet acknowledged."""
    delivered: int = 0
    resent: int = 0
    refused: int = 0
    dropped_ok: int = 0
    """Lost because there was no room, as the next two."""
    dropped_ng: int = 0
    dropped_nd: int = 0
    late: int = 0
    """Acknowledged, and marked as late."""

    @property
    def dropped(self) -> int:
        """All that were lost."""
        return self.dropped_ok + self.dropped_ng + self.dropped_nd


@dataclass(frozen=True, slots=True)
class EvidenceFigures:
    """What became of the evidence since the start, and how much there is."""

    kept: int = 0
    dropped: int = 0
    """Lost because writing was too slow."""
    failed: int = 0
    """Lost because writing failed."""
    deleted: int = 0
    """Deleted to stay within the budget, also of earlier runs."""
    size_bytes: int = 0


class MetricsMessage(MessageModel):
    """On `{root}/{station}/{camera}/metrics`, QoS 0. Counts since the start, the rest of the interval."""

    schema_: Annotated[Literal["edgevision.metrics/1"], Field(alias="schema")]
    ts: int
    """Milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    station: str
    camera: str
    frames: Count
    ok: Count
    ng: Count
    nd: Count
    skipped: Count
    """Frames replaced by newer ones before anyone took them."""
    reopened: Count
    reads_failed: Count
    rate_hz: Annotated[float, Field(ge=0)]
    latency_p50_ms: float | None = None
    """From capture to verdict; absent when nothing was inspected in the interval."""
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None
    outbox_depth: Count
    outbox_delivered: Count
    outbox_resent: Count
    outbox_refused: Count
    """Answers of the broker that it will not take a result."""
    outbox_dropped: Count
    """Results lost because there was no room; of them:"""
    outbox_dropped_ok: Count
    outbox_dropped_ng: Count
    outbox_dropped_nd: Count
    outbox_late: Count
    """Acknowledged results that were marked as late."""
    evidence_kept: Count | None = None
    """Absent, as the next four, at a station that keeps no evidence."""
    evidence_dropped: Count | None = None
    """Pictures lost because writing was too slow."""
    evidence_failed: Count | None = None
    """Pictures lost because writing failed."""
    evidence_deleted: Count | None = None
    """Deleted to stay within the budget."""
    evidence_bytes: Count | None = None
    """All evidence of the station on the disk."""


def metrics_message(
    camera: str,
    figures: CameraFigures,
    outbox: OutboxFigures,
    *,
    station: str,
    now_ns: int,
    evidence: EvidenceFigures | None = None,
) -> dict[str, Any]:
    """Return the metrics message. `now_ns` is UTC."""
    ordered = sorted(figures.latencies_ns)
    return MetricsMessage(
        schema_=SCHEMA,
        ts=epoch_ms(now_ns),
        time=iso_utc(now_ns),
        station=station,
        camera=camera,
        frames=figures.frames,
        ok=figures.ok,
        ng=figures.ng,
        nd=figures.nd,
        skipped=figures.skipped,
        reopened=figures.reopened,
        reads_failed=figures.reads_failed,
        rate_hz=round(figures.rate_hz, 2),
        latency_p50_ms=_percentile_ms(ordered, 50),
        latency_p95_ms=_percentile_ms(ordered, 95),
        latency_p99_ms=_percentile_ms(ordered, 99),
        outbox_depth=outbox.depth,
        outbox_delivered=outbox.delivered,
        outbox_resent=outbox.resent,
        outbox_refused=outbox.refused,
        outbox_dropped=outbox.dropped,
        outbox_dropped_ok=outbox.dropped_ok,
        outbox_dropped_ng=outbox.dropped_ng,
        outbox_dropped_nd=outbox.dropped_nd,
        outbox_late=outbox.late,
        **_evidence(evidence),
    ).to_dict()


def _evidence(figures: EvidenceFigures | None) -> dict[str, int]:
    if figures is None:
        return {}
    return {
        "evidence_kept": figures.kept,
        "evidence_dropped": figures.dropped,
        "evidence_failed": figures.failed,
        "evidence_deleted": figures.deleted,
        "evidence_bytes": figures.size_bytes,
    }


def _percentile_ms(ordered_ns: Sequence[int], percent: int) -> float | None:
    """Nearest rank: the smallest value that at least `percent` of all do not exceed."""
    if not ordered_ns:
        return None
    rank = -(-percent * len(ordered_ns) // 100)
    return milliseconds(ordered_ns[rank - 1])
