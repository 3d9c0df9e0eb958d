"""Looks results and pictures up in the history, for pages. Never changes it; safe in many threads."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.dashboard.history import translated
from edgevision.dashboard.summary import result_summary
from edgevision.messages.result import ResultMessage

__all__ = ["MAX_FOUND", "Lookup", "Wanted"]

MAX_FOUND = 100
"""Results of one answer; the next ones are asked for by the number of the last."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which results are looked for; None and empty mean any."""

    station: str | None = None
    judgements: Sequence[str] = ()
    text: str = ""
    """In part id, reason or result id."""
    before: int | None = None
    """Only results with a smaller number."""


class Lookup:
    """Reads the file of a history; every method may raise OutputError."""

    def __init__(self, path: Path) -> None:
        """Read `path`, which exists."""
        self._path = path

    def find(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Return summaries, the newest first, each with its `number`."""
        where, values = _condition(wanted)
        query = (
            f"SELECT number, payload, received_ms FROM results {where} ORDER BY number DESC LIMIT {MAX_FOUND}"  # noqa: S608
        )
        return [
            result_summary(ResultMessage.model_validate_json(payload, extra="ignore"), received_ms)
            | {"number": number}
            for number, payload, received_ms in self._rows(query, values)
        ]

    def result(self, result_id: str) -> dict[str, Any] | None:
        """Return the whole message as it arrived, with its summary; None when it is not there."""
        query = "SELECT payload, received_ms FROM results WHERE result_id = ?"
        for payload, received_ms in self._rows(query, (result_id,)):
            message = ResultMessage.model_validate_json(payload, extra="ignore")
            return {"summary": result_summary(message, received_ms), "message": json.loads(payload)}
        return None

    def neighbours(self, result_id: str) -> dict[str, str | None]:
        """Return the ids of the inspections before and after this one on the same camera."""
        found: dict[str, str | None] = {}
        for name, comparison, order in (("previous", "<", "DESC"), ("next", ">", "ASC")):
            query = (
                "SELECT other.result_id FROM results AS this JOIN results AS other"  # noqa: S608
                " ON other.station = this.station AND other.camera = this.camera"
                f" AND other.number {comparison} this.number"
                f" WHERE this.result_id = ? ORDER BY other.number {order} LIMIT 1"
            )
            rows = self._rows(query, (result_id,))
            found[name] = rows[0][0] if rows else None
        return found

    def picture(self, result_id: str) -> bytes | None:
        """Return the JPEG file of a result; None when none was kept."""
        rows = self._rows("SELECT jpeg FROM pictures WHERE result_id = ?", (result_id,))
        return rows[0][0] if rows else None

    def _rows(self, query: str, values: Sequence[object]) -> list[Any]:
        with translated(self._path, "be read"):
            address = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
                return database.execute(query, values).fetchall()


def _condition(wanted: Wanted) -> tuple[str, list[object]]:
    parts: list[str] = []
    values: list[object] = []
    if wanted.station is not None:
        parts.append("station = ?")
        values.append(wanted.station)
    if wanted.judgements:
        parts.append(f"judgement IN ({', '.join('?' * len(wanted.judgements))})")
        values += wanted.judgements
    if wanted.text:
        parts.append("(part_id LIKE ? ESCAPE '!' OR reason LIKE ? ESCAPE '!' OR result_id LIKE ? ESCAPE '!')")
        escaped = wanted.text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        values += [f"%{escaped}%"] * 3
    if wanted.before is not None:
        parts.append("number < ?")
        values.append(wanted.before)
    return ("WHERE " + " AND ".join(parts) if parts else "", values)
