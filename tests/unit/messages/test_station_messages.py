import json
from typing import Any

import jsonschema
import pytest

from edgevision.messages import (
    CameraFigures,
    EvidenceFigures,
    HostFacts,
    MachineState,
    OutboxFigures,
    Severity,
    Status,
    alarm_message,
    encode,
    info_message,
    metrics_message,
    schemas,
    state_message,
)
from edgevision.ports import EngineInfo
from tests.inspections import MODEL, RECIPE

NOW_NS = 1_795_459_200_123_456_789
QUIET = CameraFigures(frames=0, ok=0, ng=0, nd=0, skipped=0, reopened=0, reads_failed=0, rate_hz=0.0)


def checked(name: str, message: dict[str, Any]) -> dict[str, Any]:
    """Return what a subscriber decodes, after checking it against the published schema."""
    decoded: dict[str, Any] = json.loads(encode(message))
    jsonschema.validate(decoded, schemas()[name])
    return decoded


def test_every_published_schema_is_a_schema_with_its_own_id() -> None:
    published = schemas()
    asked = {"command", "command-trigger", "command-recipe", "command-snapshot", "answer"}
    told = {"result", "status", "state", "info", "metrics", "alarm", "counters", "commands"}
    assert set(published) == asked | told
    for schema in published.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert len({schema["$id"] for schema in published.values()}) == len(published)


def test_no_schema_allows_null_or_unknown_fields() -> None:
    for name, schema in schemas().items():
        assert '"null"' not in json.dumps(schema), name
        assert schema["type"] == "string" or schema["additionalProperties"] is False


@pytest.mark.parametrize("state", list(MachineState))
def test_every_state_of_opc_40100_can_be_told(state: MachineState) -> None:
    said = checked("state", state_message(state, station="line1", since_ns=NOW_NS, recipe=RECIPE))
    assert said["state"] == state.value
    assert said["mode"] == "Automatic"
    assert said["time"] == "2026-11-23T18:40:00.123Z"
    assert (said["recipe"], said["recipe_version"]) == ("surface-crack", "1.2")


def test_a_state_without_a_recipe_says_nothing_about_one() -> None:
    said = checked("state", state_message(MachineState.INITIALIZED, station="line1", since_ns=NOW_NS))
    assert "recipe" not in said


def test_the_status_is_one_of_three_plain_words() -> None:
    for status in Status:
        jsonschema.validate(status.value, schemas()["status"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate("gone", schemas()["status"])


def test_an_alarm_says_what_how_bad_and_whether_it_still_holds() -> None:
    said = checked(
        "alarm",
        alarm_message(
            "provider_fallback",
            "CUDA was asked for, CPU is in use.",
            station="line1",
            severity=Severity.WARNING,
            active=True,
            now_ns=NOW_NS,
        ),
    )
    assert (said["code"], said["severity"], said["active"]) == ("provider_fallback", "warning", True)


def test_info_names_the_model_and_what_was_asked_for_and_what_runs() -> None:
    engine = EngineInfo("onnxruntime", "cuda", "cpu", "int8", "1.32.0", threads=2, streams=1)
    said = checked(
        "info",
        info_message(
            station="line1",
            version="0.1.0",
            recipe=RECIPE,
            cameras=["cam1"],
            models=[MODEL],
            engines={"cracks": engine},
            host=HostFacts(
                hostname="box", os="Debian 12", machine="x86_64", cpu="EPYC", cpu_count=2, python="3.11.7"
            ),
            started_ns=NOW_NS,
        ),
    )
    assert said["models"][0]["hash"] == "sha256:" + "b" * 64
    assert (said["models"][0]["provider_requested"], said["models"][0]["provider"]) == ("cuda", "cpu")
    jsonschema.validate(said | {"mqtt_protocol": "3.1.1"}, schemas()["info"])


def test_latency_percentiles_are_values_that_were_measured() -> None:
    latencies_ns = [milliseconds * 1_000_000 for milliseconds in range(100, 0, -1)]
    figures = CameraFigures(100, 90, 7, 3, 4, 1, 2, 25.123456, latencies_ns)
    said = checked(
        "metrics", metrics_message("cam1", figures, OutboxFigures(depth=5), station="line1", now_ns=NOW_NS)
    )
    assert (said["latency_p50_ms"], said["latency_p95_ms"], said["latency_p99_ms"]) == (50.0, 95.0, 99.0)
    assert said["rate_hz"] == 25.12
    assert said["outbox_depth"] == 5


def test_a_quiet_interval_has_no_latency() -> None:
    said = checked("metrics", metrics_message("cam1", QUIET, OutboxFigures(), station="line1", now_ns=NOW_NS))
    assert not [name for name in said if name.startswith("latency")]


def test_figures_of_evidence_are_there_only_where_evidence_is_kept() -> None:
    evidence = EvidenceFigures(kept=5, dropped=1, failed=2, deleted=3, size_bytes=4_000_000_000)
    without = metrics_message("cam1", QUIET, OutboxFigures(), station="line1", now_ns=NOW_NS)
    said = checked(
        "metrics",
        metrics_message("cam1", QUIET, OutboxFigures(), station="line1", now_ns=NOW_NS, evidence=evidence),
    )
    assert not [name for name in without if name.startswith("evidence")]
    assert said["evidence_bytes"] == 4_000_000_000
    assert (said["evidence_kept"], said["evidence_dropped"], said["evidence_failed"]) == (5, 1, 2)
