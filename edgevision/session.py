"""The format of a recorded session: the frames of one camera and the log of its triggers, in a folder.

`session.json` says whose frames they are, `frames.jsonl` has a line for each, in order, and the
pictures lie losslessly in `frames/`. A line is written after its picture, so a last line that was cut
off says nothing. Pure: writing is `edgevision.recording`, reading `edgevision.capture.session`.
"""

from dataclasses import asdict
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from edgevision.types import Frame, ImageBgr, Inspection, Judgement, Trigger, Truth

__all__ = [
    "HEAD_FILE",
    "LOG_FILE",
    "SCHEMA",
    "SessionEntry",
    "SessionHead",
    "frame_entry",
    "frame_of",
    "picture_name",
    "trigger_entry",
]

SCHEMA: Final = "edgevision.session/1"
HEAD_FILE: Final = "session.json"
LOG_FILE: Final = "frames.jsonl"


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )


class SessionHead(_Part):
    """Whose frames they are."""

    schema_: Annotated[Literal["edgevision.session/1"], Field(alias="schema")] = SCHEMA
    station: str
    camera: str
    px_per_mm: float | None = None
    """Calibration of the camera, without which limits in millimetres cannot be judged again."""


class TriggerEntry(_Part):
    """A trigger that was accepted; times without `wall` are monotonic, of the station."""

    trigger_id: str
    result_id: str
    requested_ns: int
    wall_ns: int
    deadline_ns: int | None = None
    """Absent for a trigger that got no frame."""
    pre_trigger_ns: int = 0
    part_id: str | None = None


class SessionEntry(_Part):
    """One frame that was inspected, or a trigger that got none."""

    picture: str | None = None
    """Path below the session's folder; absent for a trigger without a frame, as the frame's id is."""
    frame_id: int | None = None
    captured_ns: int = 0
    """Monotonic clock of the station."""
    wall_ns: int = 0
    """UTC since the epoch."""
    part_id: str | None = None
    file: str | None = None
    """Name of the file, where the station itself inspected a recording."""
    truth: Literal["OK", "NG"] | None = None
    is_frozen: bool = False
    changed: str = ""
    pixel_format: str = ""
    trigger: TriggerEntry | None = None


def picture_name(number: int) -> str:
    """Return where the picture of the line `number`, counted from 0, lies."""
    return f"frames/{number:08d}.png"


def frame_entry(frame: Frame, picture: str) -> SessionEntry:
    """Return the line of a frame whose picture lies at that path."""
    truth = frame.truth.judgement if frame.truth else None
    return SessionEntry(
        picture=picture,
        frame_id=frame.frame_id,
        captured_ns=frame.captured_ns,
        wall_ns=frame.wall_ns,
        part_id=frame.part_id,
        file=frame.file,
        truth=None if truth in (None, Judgement.ND) else truth.value,
        is_frozen=frame.is_frozen,
        changed=frame.changed,
        pixel_format=frame.pixel_format,
        trigger=TriggerEntry(**asdict(frame.trigger)) if frame.trigger else None,
    )


def trigger_entry(inspection: Inspection) -> SessionEntry:
    """Return the line of a trigger that got no frame."""
    return SessionEntry(
        captured_ns=inspection.captured_ns,
        wall_ns=inspection.wall_ns,
        part_id=inspection.part_id,
        trigger=TriggerEntry(
            trigger_id=inspection.trigger_id or "",
            result_id=inspection.result_id,
            requested_ns=inspection.captured_ns,
            wall_ns=inspection.wall_ns,
            part_id=inspection.part_id,
        ),
    )


def frame_of(entry: SessionEntry, image_bgr: ImageBgr, camera: str, acquire_ns: int) -> Frame:
    """Return the frame of a line that has one, as it was inspected; without a time on this machine."""
    assert entry.frame_id is not None
    return Frame(
        image_bgr,
        camera,
        entry.frame_id,
        captured_ns=0,
        wall_ns=entry.wall_ns,
        part_id=entry.part_id,
        file=entry.file,
        truth=Truth(Judgement(entry.truth)) if entry.truth else None,
        acquire_ns=acquire_ns,
        is_frozen=entry.is_frozen,
        pixel_format=entry.pixel_format,
        changed=entry.changed,
        trigger=_trigger(entry.trigger) if entry.trigger else None,
    )


def _trigger(entry: TriggerEntry) -> Trigger:
    fields = entry.model_dump(exclude={"deadline_ns"})
    return Trigger(**fields, deadline_ns=entry.deadline_ns or 0)
