"""An inspection as a result message.

Numbers are rounded, so that the same inspection gives the same bytes; pixels and outlines stay out.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from edgevision.messages.findings import class_entries, defect_entry, identity_entries, reason_entry
from edgevision.messages.result import SCHEMA, ResultMessage
from edgevision.messages.wire import epoch_ms, iso_utc, milliseconds
from edgevision.types import Defect, Inspection, Judgement, Reason, Verdict

__all__ = ["encoded_result", "result_message"]

_UNEXPLAINED = Reason("unexplained", "No reason was recorded for this judgement.")


def result_message(
    inspection: Inspection, *, station: str, published_ns: int | None, result_uri: str = ""
) -> dict[str, Any]:
    """Return the result message of an inspection as a JSON object.

    Args:
        inspection: Complete.
        station: Name of the station.
        published_ns: UTC when it is handed to the broker; None where nothing is published.
        result_uri: Where the evidence is kept; empty where none is.

    Raises:
        ValueError: A number of the inspection is not finite or out of its range (pydantic's error).
    """
    return _message(inspection, station, result_uri, **_published(published_ns)).to_dict()


def encoded_result(inspection: Inspection, *, station: str, result_uri: str = "") -> bytes:
    """Return the result message of an inspection before it is published, as `encode` would give it.

    Raises ValueError as `result_message` does.
    """
    return _message(inspection, station, result_uri).to_json()


def _message(inspection: Inspection, station: str, result_uri: str, **published: Any) -> ResultMessage:
    reasons = _reasons(inspection.verdict)
    return ResultMessage(
        schema_=SCHEMA,
        **published,
        **_identity(inspection),
        **_origin(inspection),
        **_timings(inspection),
        **_summary(inspection),
        station=station,
        result_uri=result_uri,
        reason=_sentence(reasons),
        reasons=tuple(reason_entry(reason) for reason in reasons),
        defects=tuple(defect_entry(defect) for defect in _reported(inspection)),
        identities=identity_entries(inspection),
        classes=class_entries(inspection),
    )


def _reported(inspection: Inspection) -> Iterator[Defect]:
    """Give each task's defects, then those that are reported only."""
    for findings in inspection.findings:
        yield from findings.defects
        yield from findings.unjudged


def _published(published_ns: int | None) -> dict[str, Any]:
    if published_ns is None:
        return {}
    return {"published_ts": epoch_ms(published_ns), "published_time": iso_utc(published_ns)}


def _identity(inspection: Inspection) -> dict[str, Any]:
    width, height = inspection.size_wh
    judgement = inspection.verdict.judgement
    return {
        "ts": epoch_ms(inspection.wall_ns),
        "time": iso_utc(inspection.wall_ns),
        "ok": int(judgement is Judgement.OK),
        "judgement": judgement,
        "result_evaluation": judgement.result_evaluation,
        "result_id": inspection.result_id,
        "camera": inspection.camera,
        "part_id": inspection.part_id,
        "trigger_id": inspection.trigger_id,
        "frame_id": inspection.frame_id,
        "file": inspection.file,
        "truth": inspection.truth.value if inspection.truth else None,
        "width": width,
        "height": height,
        "repeats": inspection.repeats,
    }


def _origin(inspection: Inspection) -> dict[str, Any]:
    origin: dict[str, Any] = {
        "recipe": inspection.recipe.name,
        "recipe_version": inspection.recipe.version,
        "recipe_hash": f"sha256:{inspection.recipe.sha256}",
        "is_simulated": inspection.is_simulated,
        "is_partial": len(inspection.findings) < len(inspection.models),
    }
    if inspection.models:
        model = inspection.models[0]
        origin |= {
            "model": model.bundle,
            "model_version": model.version,
            "model_hash": f"sha256:{model.sha256}",
            "engine": model.engine,
            "provider": model.provider,
            "precision": model.precision,
        }
    return origin


def _timings(inspection: Inspection) -> dict[str, Any]:
    times = inspection.times
    return {
        "acquisition_ms": milliseconds(times.acquire_ns) if times.acquire_ns else None,
        "processing_ms": milliseconds(times.inspect_ns),
        "inference_ms": milliseconds(times.infer_ns),
        "queue_ms": milliseconds(times.queue_ns),
    }


def _summary(inspection: Inspection) -> dict[str, Any]:
    defects = inspection.defects
    return {
        "defect_count": len(defects),
        "defect_area_px": round(sum(defect.area_px for defect in defects), 1),
        "score_max": round(max((findings.score_max for findings in inspection.findings), default=0.0), 4),
    }


def _reasons(verdict: Verdict) -> Sequence[Reason]:
    if verdict.judgement is Judgement.OK or verdict.reasons:
        return verdict.reasons
    return (_UNEXPLAINED,)


def _sentence(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return ""
    more = f" ({len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return reasons[0].text + more
