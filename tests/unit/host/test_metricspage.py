"""The page on a real port of the loopback interface, read as Prometheus and a probe read it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgevision.errors import ConfigError
from edgevision.host.metricspage import MetricsPage
from edgevision.host.stationfigures import StationFigures
from edgevision.messages import CameraFigures, EvidenceFigures, MachineState, OutboxFigures
from edgevision.types import Judgement
from tests.inspections import RECIPE, inspected, ng_inspection, ok_inspection

FIGURES = StationFigures(
    station="line1",
    version="1.2.3",
    recipe=RECIPE,
    state=MachineState.CONTINUOUS_EXECUTION,
    troubles=(),
    cameras={
        "cam1": CameraFigures(frames=9, ok=1, ng=1, nd=0, skipped=7, reopened=2, reads_failed=3, rate_hz=0)
    },
    outbox=OutboxFigures(depth=4, delivered=5, resent=6, refused=7, dropped_ok=8),
    is_connected=True,
)


class Station:
    """What the page asks."""

    def __init__(self) -> None:
        self.now = FIGURES

    def __call__(self) -> StationFigures:
        return self.now


@pytest.fixture
def station() -> Station:
    return Station()


@pytest.fixture
def page(station: Station) -> Iterator[MetricsPage]:
    page = MetricsPage(0, ["cam1"], station)
    page.start()
    yield page
    page.stop()


def get(page: MetricsPage, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{page.port}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(page: MetricsPage) -> dict[tuple[str, ...], float]:
    """Return name and values of the labels → value."""
    families = text_string_to_metric_families(get(page, "/metrics")[1])
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_inspections_are_counted_by_camera_and_judgement(page: MetricsPage) -> None:
    page.commit([inspected(ok_inspection()), inspected(ng_inspection()), inspected(ng_inspection())])

    found = samples(page)
    assert found["edgevision_inspections_total", "cam1", "OK"] == 1
    assert found["edgevision_inspections_total", "cam1", "NG"] == 2
    assert found["edgevision_inspections_total", "cam1", "ND"] == 0
    assert found["edgevision_latency_seconds_count", "cam1"] == 3
    assert found["edgevision_defects_total", "cam1", "crack"] == 2
    assert found["edgevision_last_inspection_timestamp_seconds", "cam1"] > 1.7e9


def test_what_the_station_says_stands_on_the_page(page: MetricsPage, station: Station) -> None:
    station.now = replace(FIGURES, evidence=EvidenceFigures(kept=1, dropped=2, size_bytes=3))

    found = samples(page)
    assert found["edgevision_frames_read_total", "cam1"] == 9
    assert found["edgevision_frames_skipped_total", "cam1"] == 7
    assert found["edgevision_camera_reopened_total", "cam1"] == 2
    assert found["edgevision_outbox_depth",] == 4
    assert found["edgevision_results_dropped_total",] == 8
    assert found["edgevision_broker_connected",] == 1
    assert found["edgevision_evidence_dropped_total",] == 2
    assert found["edgevision_state", "ContinuousExecution"] == 1
    assert found["edgevision_state", "Ready"] == 0
    assert found["edgevision_inspecting",] == 1
    assert "1.2.3" in get(page, "/metrics")[1]


def test_a_station_without_broker_and_evidence_tells_nothing_of_them(
    page: MetricsPage, station: Station
) -> None:
    station.now = replace(FIGURES, outbox=None, is_connected=None)

    assert not [name for name, *_ in samples(page) if "outbox" in name or "evidence" in name]


@pytest.mark.parametrize(
    ("state", "troubles", "health", "readiness"),
    [
        (MachineState.CONTINUOUS_EXECUTION, (), 200, 200),
        (MachineState.READY, (), 200, 200),
        (MachineState.CONTINUOUS_EXECUTION, ("cam1 is lost: unplugged",), 503, 200),
        (MachineState.ERROR, (), 503, 503),
        (MachineState.HALTED, (), 503, 503),
        (None, (), 503, 503),
    ],
)
def test_health_is_green_only_while_every_part_is_judged(
    page: MetricsPage,
    station: Station,
    *,
    state: MachineState | None,
    troubles: tuple[str, ...],
    health: int,
    readiness: int,
) -> None:
    station.now = replace(FIGURES, state=state, troubles=troubles)

    status, body = get(page, "/healthz")
    assert status == health
    assert json.loads(body) == {
        "ok": health == 200,
        "station": "line1",
        "state": state,
        "troubles": list(troubles),
    }
    assert get(page, "/readyz")[0] == readiness


def test_other_paths_and_other_hosts_get_nothing(page: MetricsPage) -> None:
    assert get(page, "/")[0] == 404
    assert get(page, "/metrics", host="evil.example")[0] == 403
    assert get(page, "/metrics", host=f"localhost:{page.port}")[0] == 200


def test_a_port_in_use_is_a_mistake_in_the_settings(page: MetricsPage) -> None:
    with pytest.raises(ConfigError, match=r"metrics_page\.port"):
        MetricsPage(page.port, [], lambda: FIGURES)


def test_every_judgement_is_there_from_the_start(page: MetricsPage) -> None:
    found = samples(page)

    assert all(found["edgevision_inspections_total", "cam1", judgement] == 0 for judgement in Judgement)
