import json
import math
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.messages import (
    VOLATILE_FIELDS,
    encode,
    encoded_result,
    result_message,
    schemas,
    stamp_published,
)
from edgevision.messages.result import ResultMessage
from edgevision.types import Findings, Inspection, Judgement, Reason, StageTimes, Verdict
from tests.inspections import CRACK, ENGRAVED, ng_inspection, ok_inspection

SCHEMA = schemas()["result"]
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def message(inspection: Inspection, published_ns: int | None = None) -> dict[str, object]:
    """Return what a subscriber decodes, after checking it against the published schema."""
    payload = encode(result_message(inspection, station="line1", published_ns=published_ns))
    decoded: dict[str, object] = json.loads(payload)
    VALIDATOR.validate(decoded)
    return decoded


def test_an_ok_part_has_the_flat_fields_of_opc_ua_results() -> None:
    said = message(ok_inspection(part_id="SN123", is_simulated=True))
    assert said == {
        "schema": "edgevision.result/1",
        "ts": 1795459200123,
        "time": "2026-11-23T18:40:00.123Z",
        "ok": 1,
        "judgement": "OK",
        "result_evaluation": 1,
        "result_id": "0190-ok",
        "station": "line1",
        "camera": "cam1",
        "part_id": "SN123",
        "frame_id": 48211,
        "width": 1280,
        "height": 720,
        "recipe": "surface-crack",
        "recipe_version": "1.2",
        "recipe_hash": "sha256:" + "a" * 64,
        "model": "surface-crack",
        "model_version": "1.0.3",
        "model_hash": "sha256:" + "b" * 64,
        "engine": "openvino",
        "provider": "CPU",
        "precision": "int8",
        "is_simulated": True,
        "is_partial": False,
        "processing_ms": 41.7,
        "inference_ms": 33.0,
        "queue_ms": 1.5,
        "defect_count": 0,
        "defect_area_px": 0.0,
        "score_max": 0.0812,
        "result_uri": "",
        "reason": "",
        "reasons": [],
        "defects": [],
    }


def test_a_repeated_answer_names_the_one_that_it_repeats() -> None:
    assert "repeats" not in message(ok_inspection())
    assert message(ok_inspection(repeats="0190-full"))["repeats"] == "0190-full"


def test_a_crack_is_told_with_its_box_length_and_widths_in_source_pixels() -> None:
    said = message(ng_inspection())
    assert said["ok"] == 0
    assert said["result_evaluation"] == 2
    assert said["defects"] == [
        {
            "class": "crack",
            "score": 0.9877,
            "box_xyxy": [12, 30, 200, 44],
            "area_px": 812.0,
            "length_px": 190.12,
            "width_px": 6.54,
            "width_mean_px": 4.0,
        }
    ]


def test_reasons_carry_their_facts_and_one_sentence_for_people() -> None:
    said = message(ng_inspection())
    assert said["reason"] == "The crack is 190 px long, at most 20 px. (1 more)"
    assert said["reasons"] == [
        {
            "limit": 20.0,
            "value": 190.1235,
            "code": "limit_exceeded",
            "text": "The crack is 190 px long, at most 20 px.",
        },
        {"limit": 0, "rule": "no-cracks", "code": "count_exceeded", "text": "1 crack, at most 0."},
    ]


def test_facts_cannot_replace_the_code_of_a_reason() -> None:
    reason = Reason("late", "Too late.", {"code": "fine"})
    said = message(ok_inspection(verdict=Verdict(Judgement.ND, (reason,))))
    assert said["reasons"] == [{"code": "late", "text": "Too late."}]


def test_a_calibrated_camera_gives_millimetres_and_only_what_applies() -> None:
    said = message(ok_inspection(findings=(Findings("cracks", (ENGRAVED,)),)))
    assert said["defects"] == [
        {"class": "pit", "score": 0.75, "box_xyxy": [1, 2, 5, 6], "area_px": 16.0, "area_mm": 1.0}
    ]


@pytest.mark.parametrize("judgement", [Judgement.NG, Judgement.ND])
def test_a_judgement_other_than_ok_never_comes_without_a_reason(judgement: Judgement) -> None:
    said = message(ok_inspection(verdict=Verdict(judgement)))
    assert said["reason"]
    assert said["reasons"]


def test_the_schema_refuses_a_judgement_without_reasons() -> None:
    said = message(ng_inspection()) | {"reasons": []}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(said, SCHEMA)


def test_file_and_truth_are_told_when_they_are_known() -> None:
    said = message(ok_inspection(file="part_0007.png", truth=Judgement.NG))
    assert (said["file"], said["truth"]) == ("part_0007.png", "NG")


def test_a_failed_task_makes_the_result_partial() -> None:
    reason = Reason("stage_failed", "The task cracks failed.")
    said = message(ok_inspection(findings=(), verdict=Verdict(Judgement.ND, (reason,))))
    assert said["is_partial"] is True
    assert said["score_max"] == 0.0


def test_the_stamp_of_publishing_equals_a_message_made_with_it() -> None:
    unpublished = encode(result_message(ng_inspection(), station="line1", published_ns=None))
    published_ns = 1_795_459_201_000_000_000
    stamped = stamp_published(unpublished, published_ns)
    assert stamped == encode(result_message(ng_inspection(), station="line1", published_ns=published_ns))
    jsonschema.validate(json.loads(stamped), SCHEMA)


def test_the_stamp_says_number_start_and_lateness_where_they_are_known() -> None:
    payload = encode(result_message(ng_inspection(), station="line1", published_ns=None))
    stamped = stamp_published(payload, 0, boot_id="b", sequence=7, is_late=True, is_saved=False)
    said = json.loads(stamped)
    jsonschema.validate(said, SCHEMA)
    assert (said["boot_id"], said["sequence"], said["late"], said["unsaved"]) == ("b", 7, 1, 1)
    assert json.loads(payload) == {name: value for name, value in said.items() if name in json.loads(payload)}
    plain = json.loads(stamp_published(payload, 0))
    assert not {"boot_id", "sequence", "late", "unsaved"} & set(plain)


def test_two_runs_differ_in_volatile_fields_only() -> None:
    first = message(ok_inspection())
    slower = StageTimes(queue_ns=9, inspect_ns=99_000_000, infer_ns=88_000_000, acquire_ns=7_000_000)
    second = message(ok_inspection(times=slower, captured_ns=5), published_ns=1)
    assert {name for name in first | second if first.get(name) != second.get(name)} <= VOLATILE_FIELDS


def test_all_volatile_fields_exist() -> None:
    assert set(ResultMessage.model_fields) >= VOLATILE_FIELDS


@pytest.mark.parametrize("score", [math.nan, math.inf, 1.5])
def test_a_score_that_json_or_the_schema_cannot_bear_is_an_error(score: float) -> None:
    broken = ok_inspection(findings=(Findings("cracks", (replace(CRACK, score=score),)),))
    with pytest.raises(ValueError, match="score"):
        result_message(broken, station="line1", published_ns=None)


def test_nan_never_gets_onto_the_wire() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"value": math.nan})


@settings(max_examples=50, deadline=None)
@given(
    area=st.floats(0, 1e9),
    length=st.none() | st.floats(0, 1e6),
    px_per_mm=st.none() | st.floats(0.01, 1000),
    score=st.floats(0, 1),
    label=st.text(max_size=20),
)
def test_any_measured_defect_gives_a_message_that_fits_the_schema(
    area: float, length: float | None, px_per_mm: float | None, score: float, label: str
) -> None:
    defect = replace(CRACK, label=label, area_px=area, length_px=length, px_per_mm=px_per_mm, score=score)
    message(ok_inspection(findings=(Findings("cracks", (defect,), score_max=score),)))


def test_what_is_only_reported_is_listed_but_not_counted() -> None:
    faint = replace(CRACK, score=0.2)
    found = Findings("cracks", (CRACK,), score_max=0.99, unjudged=(faint,))

    said = message(replace(ng_inspection(), findings=(found,)))

    assert [entry["score"] for entry in said["defects"]] == [0.9877, 0.2]  # type: ignore[attr-defined]
    assert said["defect_count"] == 1


@pytest.mark.parametrize(
    "inspection", [ok_inspection(), ng_inspection(), ok_inspection(part_id='"划痕"\n\x7f\\')]
)
def test_an_inspection_is_encoded_as_all_other_messages_are(inspection: Inspection) -> None:
    said = result_message(inspection, station="línea 1", published_ns=None, result_uri="file:///a")
    assert encoded_result(inspection, station="línea 1", result_uri="file:///a") == encode(said)
