"""The figures of a station in the format of Prometheus: counted as a sink, and collected at each reading.

Names and units follow Prometheus' conventions; the server is `host.metricspage`.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from edgevision.host.stationfigures import StationFigures
from edgevision.messages import MachineState
from edgevision.tally import latency_ns
from edgevision.types import Inspected, Judgement

__all__ = ["PrometheusFigures"]

_BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


class PrometheusFigures:
    """An `InspectionSink` that keeps the figures of a station. Safe in many threads."""

    def __init__(self, cameras: Sequence[str], figures: Callable[[], StationFigures]) -> None:
        """Begin at zero; `figures` is asked at each reading."""
        self._registry = CollectorRegistry()
        self._inspections = Counter(
            "edgevision_inspections", "Finished.", ["camera", "judgement"], registry=self._registry
        )
        self._defects = Counter(
            "edgevision_defects", "Found and judged.", ["camera", "class"], registry=self._registry
        )
        self._latency = Histogram(
            "edgevision_latency_seconds",
            "From capture to verdict; for recordings, of inspecting.",
            ["camera"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._last = Gauge(
            "edgevision_last_inspection_timestamp_seconds",
            "When the last one was finished; 0 before the first.",
            ["camera"],
            registry=self._registry,
        )
        for camera in cameras:
            self._latency.labels(camera)
            self._last.labels(camera)
            for judgement in Judgement:
                self._inspections.labels(camera, judgement.value)
        self._registry.register(_StationCollector(figures))

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Count the batch."""
        now_ns = time.monotonic_ns()
        for inspected in batch:
            inspection = inspected.inspection
            camera = inspection.camera
            self._inspections.labels(camera, inspection.verdict.judgement.value).inc()
            self._latency.labels(camera).observe(latency_ns(inspection, now_ns) / 1e9)
            self._last.labels(camera).set_to_current_time()
            for defect in inspection.defects:
                self._defects.labels(camera, defect.label).inc()

    def page(self) -> tuple[str, bytes]:
        """Return the page, after its content type."""
        return CONTENT_TYPE_LATEST, generate_latest(self._registry)


class _StationCollector(Collector):
    """What is not counted here, but asked for."""

    def __init__(self, figures: Callable[[], StationFigures]) -> None:
        self._figures = figures

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering asks for nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Ask, and tell."""
        figures = self._figures()
        yield from _station(figures)
        yield from _cameras(figures)
        yield from _delivery(figures)
        yield from _evidence(figures)


def _station(figures: StationFigures) -> Iterator[Metric]:
    yield InfoMetricFamily(
        "edgevision_station",
        "What runs here.",
        {
            "station": figures.station,
            "version": figures.version,
            "recipe": figures.recipe.name,
            "recipe_version": figures.recipe.version,
        },
    )
    states = GaugeMetricFamily("edgevision_state", "1 for the state the station is in.", labels=["state"])
    for state in MachineState:
        states.add_metric([state.value], float(state is figures.state))
    yield states
    yield _gauge("edgevision_inspecting", "1 while every part is judged, as /healthz.", figures.is_inspecting)


def _cameras(figures: StationFigures) -> Iterator[Metric]:
    for name, text, field in (
        ("edgevision_frames_read", "Frames that the camera gave.", "frames"),
        ("edgevision_frames_skipped", "Replaced by newer ones before anyone took them.", "skipped"),
        ("edgevision_camera_reopened", "Times that a lost camera came back.", "reopened"),
        ("edgevision_camera_reads_failed", "Frames that did not come.", "reads_failed"),
    ):
        family = CounterMetricFamily(name, text, labels=["camera"])
        for camera, counts in figures.cameras.items():
            family.add_metric([camera], getattr(counts, field))
        yield family


def _delivery(figures: StationFigures) -> Iterator[Metric]:
    if figures.outbox is None or figures.is_connected is None:
        return
    outbox = figures.outbox
    yield _gauge("edgevision_broker_connected", "1 while the broker is there.", figures.is_connected)
    yield _gauge("edgevision_outbox_depth", "Results that the broker has yet to acknowledge.", outbox.depth)
    yield _counter("edgevision_results_delivered", "Acknowledged by the broker.", outbox.delivered)
    yield _counter("edgevision_results_resent", "Sent more than once.", outbox.resent)
    yield _counter(
        "edgevision_results_refused", "Answers of the broker that it takes no result.", outbox.refused
    )
    yield _counter("edgevision_results_dropped", "Lost because the outbox was full.", outbox.dropped)


def _evidence(figures: StationFigures) -> Iterator[Metric]:
    if figures.evidence is None:
        return
    evidence = figures.evidence
    yield _counter("edgevision_evidence_kept", "Pictures written.", evidence.kept)
    yield _counter("edgevision_evidence_dropped", "Lost because writing was too slow.", evidence.dropped)
    yield _counter("edgevision_evidence_failed", "Lost because writing failed.", evidence.failed)
    yield _counter("edgevision_evidence_deleted", "Deleted to stay within the budget.", evidence.deleted)
    yield _gauge("edgevision_evidence_bytes", "All evidence of the station on the disk.", evidence.size_bytes)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=value)
