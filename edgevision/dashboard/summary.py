"""What the page shows of a result in lists and pictures: small, bounded, and nothing but plain values."""

from collections.abc import Sequence
from typing import Any

from edgevision.messages.findings import ClassEntry
from edgevision.messages.result import ResultMessage

__all__ = ["MAX_CLASSES", "MAX_DEFECTS", "MAX_IDENTITIES", "clipped", "result_summary"]

MAX_DEFECTS = 64
"""More boxes on one picture help nobody."""
MAX_IDENTITIES = 16
MAX_CLASSES = 16
_MAX_TEXT = 300


def clipped(text: str, length: int = _MAX_TEXT) -> str:
    """Return the text, shortened with an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


def result_summary(message: ResultMessage, received_ms: int) -> dict[str, Any]:
    """Return the parts of a result that lists and overlays need. `received_ms` is UTC, of this machine."""
    return {
        "result_id": message.result_id,
        "station": message.station,
        "camera": message.camera,
        "part_id": clipped(message.part_id, 128) if message.part_id is not None else None,
        "frame_id": message.frame_id,
        "judgement": message.judgement.value,
        "time": message.time,
        "judged_ms": _judged_ms(message),
        "is_late": bool(message.late),
        "received_ms": received_ms,
        "reason": clipped(message.reason),
        "width": message.width,
        "height": message.height,
        "defect_count": message.defect_count,
        "defects": [
            {"class": clipped(one.class_, 64), "score": one.score, "box_xyxy": list(one.box_xyxy)}
            for one in message.defects[:MAX_DEFECTS]
        ],
        "identities": [
            {
                "name": clipped(one.name, 64) if one.name is not None else None,
                "score": one.score,
                "box_xyxy": list(one.box_xyxy),
                "problem": one.problem is not None,
            }
            for one in (message.identities or ())[:MAX_IDENTITIES]
        ],
        "classes": [
            {"class": clipped(one.class_, 64), "score": one.score}
            for one in _most_probable(message.classes or ())[:MAX_CLASSES]
        ],
    }


def _judged_ms(message: ResultMessage) -> int:
    """Return when it was judged by the clock of the station, as near as it is told, in UTC milliseconds.

    The capture time of a recording is only the position in it; the time of publishing tells nothing when
    the result has waited.
    """
    if message.late or message.published_ts is None:
        return message.ts
    return message.published_ts


def _most_probable(entries: Sequence[ClassEntry]) -> list[ClassEntry]:
    """Return the first of each step, in the order of the steps."""
    first: dict[str, ClassEntry] = {}
    for entry in entries:
        first.setdefault(entry.task, entry)
    return list(first.values())
