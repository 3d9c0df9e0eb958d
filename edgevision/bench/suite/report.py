"""What the suite found, as plain values that become JSON. Pure; the Markdown is `suite.markdown`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from edgevision.bench.figures import Spread
from edgevision.bench.present import Table
from edgevision.bench.report import Machine, Video

__all__ = ["SCHEMA", "Part", "Row", "SuiteReport", "Target", "encode"]

SCHEMA = "edgevision.bench-suite/1"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to reach."""

    kind: Literal["at least", "at most"]
    limit: float

    def is_met_by(self, value: float) -> bool:
        """Return whether a figure reaches it."""
        return value >= self.limit if self.kind == "at least" else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the main table."""

    measure: str
    target: Target | None = None
    value: Spread | None = None
    """None where this machine cannot show it; `note` then says why."""
    unit: str = ""
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Return whether the median reaches the target; None without a figure or a target."""
        if self.target is None or self.value is None:
            return None
        return self.target.is_met_by(self.value.median)


@dataclass(frozen=True, slots=True)
class Part:
    """What one measurement gave: lines of the main table, and tables with the figures behind them."""

    rows: tuple[Row, ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """Everything that one run of the suite found."""

    taken: str
    """The day, ISO-8601."""
    machine: Machine
    instruction_sets: tuple[str, ...]
    bundles: Mapping[str, str]
    """Name and version → SHA-256."""
    video: Video
    rounds: int
    turn_s: float
    seconds: float
    """How long it all took."""
    parts: tuple[Part, ...]


def encode(report: SuiteReport) -> bytes:
    """Return the report as JSON."""
    rows = [_row(row) for part in report.parts for row in part.rows]
    tables = [asdict(table) for part in report.parts for table in part.tables]
    facts = asdict(report)
    del facts["parts"]
    content = {"schema": SCHEMA, **facts, "rows": rows, "tables": tables}
    return json.dumps(content, indent=2, allow_nan=False).encode() + b"\n"


def _row(row: Row) -> dict[str, Any]:
    return asdict(row) | {"is_met": row.is_met}
