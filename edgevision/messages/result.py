"""The result message: one inspection as JSON, flat scalars first. `replay` writes the same object.

How an inspection becomes one is `messages.inspected`.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from edgevision.messages.findings import (
    ClassEntry,
    DefectEntry,
    IdentityEntry,
    NotNegative,
    ReasonEntry,
    Score,
)
from edgevision.messages.wire import MessageModel
from edgevision.types import Judgement

__all__ = ["SCHEMA", "VOLATILE_FIELDS", "ResultMessage"]

SCHEMA = "edgevision.result/1"

VOLATILE_FIELDS = frozenset(
    {
        *("published_ts", "published_time", "boot_id", "sequence", "late", "unsaved"),
        *("acquisition_ms", "processing_ms", "inference_ms", "queue_ms"),
    }
)
"""Fields that may differ between two runs of the same recorded input."""

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
    repeats: str | None = None
    """The `result_id` of the full inspection whose answer this is: since then the scene stood still and no
    model ran. Absent for a full inspection; never with NG or ND."""
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
