"""The result message: one inspection as JSON, flat scalars first. `replay` writes the same object.

Numbers are rounded, so that the same inspection gives the same bytes; pixels and outlines stay out.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from edgevision.messages.findings import (
    ClassEntry,
    DefectEntry,
    IdentityEntry,
    NotNegative,
    ReasonEntry,
    Score,
    class_entries,
    defect_entry,
    identity_entries,
    reason_entry,
)
from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc, milliseconds
from edgevision.types import Defect, Inspection, Judgement, Reason, Verdict

__all__ = [
    "SCHEMA",
    "VOLATILE_FIELDS",
    "ResultMessage",
    "result_message",
]

SCHEMA = "edgevision.result/1"

VOLATILE_FIELDS = frozenset(
    {
        *("published_ts", "published_time", "boot_id", "sequence", "late", "unsaved"),
        *("acquisition_ms", "processing_ms", "inference_ms", "queue_ms"),
    }
)
"""Fields that may differ between two runs of the same recorded input."""

_UNEXPLAINED = Reason("unexplained", "No reason was recorded for this judgement.")
_NOT_OK_HAS_REASONS: JsonDict = {
    "if": {"properties": {"judgement": {"enum": ["NG", "ND"]}}},
    "then": {"properties": {"reasons": {"minItems": 1}, "reason": {"minLength": 1}}},
}


class ResultMessage(MessageModel):
    """On `{root}/{station}/{camera}/result`, QoS 1, one per part; retained on `…/last`."""

    model_config = ConfigDict(json_schema_extra=_NOT_OK_HAS_REASONS)

    published_ts: int | None = None
    """When it was handed to the broker, milliseconds since the epoch."""
    published_time: str | None = None
    """The same in ISO-8601 UTC."""
    boot_id: str | None = None
    """The start of the station that made it."""
    sequence: Annotated[int, Field(ge=1)] | None = None
    """Number of the result at its station: grows by one. With a ledger it goes on over restarts."""
    late: Literal[1] | None = None
    """Made before the present connection to the broker, or longer than 10 seconds before its publishing."""
    unsaved: Literal[1] | None = None
    """Published while the station's ledger could not be written: its number may come again after a crash."""
    schema_: Annotated[Literal["edgevision.result/1"], Field(alias="schema")]
    ts: int
    """Capture, milliseconds since the epoch; for recordings the position in the recording."""
    time: str
    """The same in ISO-8601 UTC."""
    ok: Literal[0, 1]
    """1 for OK, 0 for NG and ND."""
    judgement: Judgement
    result_evaluation: Literal[1, 2, 3]
    """OPC 40001-101: 1 OK, 2 NotOK, 3 NotDecidable."""
    result_id: str
    """The same when a result is sent twice; use it to drop duplicates."""
    station: str
    camera: str
    part_id: str | None = None
    """Serial or batch, when the line knows it."""
    trigger_id: str | None = None
    """Of the trigger that asked for it; absent where frames are inspected as they come."""
    frame_id: int | None = None
    """Absent when a trigger got no frame; `ts` is then the time of the trigger."""
    file: str | None = None
    """Name of the file, for recordings and folders."""
    truth: Literal["OK", "NG"] | None = None
    """What was known about the part beforehand."""
    width: int
    height: int
    """Of the frame, in pixels; 0 when there was none."""
    recipe: str
    recipe_version: str
    recipe_hash: str
    model: str | None = None
    """Of the first task of the recipe, as the next six fields."""
    model_version: str | None = None
    model_hash: str | None = None
    engine: str | None = None
    provider: str | None = None
    precision: str | None = None
    is_simulated: bool
    """True when the frame did not come from a camera."""
    is_partial: bool
    """True when a task gave no findings."""
    acquisition_ms: NotNegative | None = None
    """Reading the frame, where the source measures it."""
    processing_ms: NotNegative
    """From the frame to the judgement, inference included."""
    inference_ms: NotNegative
    queue_ms: NotNegative
    """Waiting for a worker."""
    defect_count: int
    """Of those that were judged; a replay may report others too."""
    defect_area_px: NotNegative
    score_max: Score
    """Highest defect score anywhere, below the reporting threshold too."""
    result_uri: str
    """Where the picture of the part is to be kept, at the station; empty when none is. It is written
    after the message, and deleted when the budget is spent."""
    reason: str
    """One sentence for people; empty for OK."""
    reasons: tuple[ReasonEntry, ...]
    defects: tuple[DefectEntry, ...]
    identities: tuple[IdentityEntry, ...] | None = None
    """Where a step recognises."""
    classes: tuple[ClassEntry, ...] | None = None
    """Where a step classifies."""


def result_message(
    inspection: Inspection, *, station: str, published_ns: int | None, result_uri: str = ""
) -> dict[str, Any]:
    """Return the result message of an inspection.

    Args:
        inspection: Complete.
        station: Name of the station.
        published_ns: UTC when it is handed to the broker; None where nothing is published.
        result_uri: Where the evidence is kept; empty where none is.

    Raises:
        ValueError: A number of the inspection is not finite or out of its range (pydantic's error).
    """
    reasons = _reasons(inspection.verdict)
    return ResultMessage(
        schema_=SCHEMA,
        **_published(published_ns),
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
    ).to_dict()


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
