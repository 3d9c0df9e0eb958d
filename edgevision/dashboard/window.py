"""Counts of the last hours in buckets of one minute: totals, yield, trend, Pareto, defect map. Pure.

A minute is that of receiving, since recordings have no clock of their own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgevision.dashboard.summary import clipped
from edgevision.messages.result import ResultMessage

__all__ = ["MAP_SIZE_WH", "Minute", "Window", "pareto", "yield_of"]

MAP_SIZE_WH = (24, 16)
"""Columns and rows of the defect map."""

_MAX_CLASSES = 32
_OTHER = "…"
_MS_PER_MINUTE = 60_000


@dataclass(slots=True)
class Minute:
    """What one camera did in one minute."""

    number: int
    """Minutes since the epoch."""
    judgements: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    """Defects by class."""
    cells: Counter[int] = field(default_factory=Counter)
    """Defects by cell of the map, row by row."""
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    outbox_depth: int | None = None
    """Of these two the worst of the minute."""

    def add(self, message: ResultMessage) -> None:
        """Count a result with its defects."""
        self.judgements[message.judgement.value] += 1
        for defect in message.defects:
            label = clipped(defect.class_, 64)
            known = label in self.classes or len(self.classes) < _MAX_CLASSES
            self.classes[label if known else _OTHER] += 1
            self.cells[_cell(defect.box_xyxy, (message.width, message.height))] += 1

    def note_latency(self, p50_ms: float | None, p99_ms: float | None) -> None:
        """Take over latencies of an interval."""
        if p50_ms is not None and p99_ms is not None:
            self.latency_p50_ms = p50_ms
            self.latency_p99_ms = max(p99_ms, self.latency_p99_ms or 0.0)

    def note_outbox(self, depth: int) -> None:
        """Take over how many results wait for the broker."""
        self.outbox_depth = max(depth, self.outbox_depth or 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the minute as JSON holds it, which turns the numbers of cells into text."""
        return {
            "judgements": dict(self.judgements),
            "classes": dict(self.classes),
            "cells": dict(self.cells),
            "latency_ms": [self.latency_p50_ms, self.latency_p99_ms],
            "outbox_depth": self.outbox_depth,
        }

    @classmethod
    def from_dict(cls, number: int, content: Mapping[str, Any]) -> "Minute":
        """Return the minute that `to_dict` wrote; early versions noted no outbox."""
        p50_ms, p99_ms = content["latency_ms"]
        return cls(
            number,
            Counter(content["judgements"]),
            Counter(content["classes"]),
            Counter({int(cell): count for cell, count in content["cells"].items()}),
            p50_ms,
            p99_ms,
            content.get("outbox_depth"),
        )


class Window:
    """The minutes of one camera in the last hours, oldest first, with their totals."""

    def __init__(self, hours: float) -> None:
        """Keep so many hours."""
        self._length = max(1, round(hours * 60))
        self._minutes: dict[int, Minute] = {}
        self.totals: Counter[str] = Counter()

    @property
    def minutes(self) -> Iterator[Minute]:
        """The minutes in which something happened."""
        return iter(self._minutes.values())

    def at(self, now_ms: int) -> Minute:
        """Return the minute of `now_ms`, UTC, and forget those that are too old.

        A clock that was set back goes on in the newest minute.
        """
        number = max(now_ms // _MS_PER_MINUTE, next(reversed(self._minutes), 0))
        self.expire(now_ms)
        return self._minutes.setdefault(number, Minute(number))

    def add(self, message: ResultMessage, now_ms: int) -> Minute:
        """Count a result; return the minute it went into."""
        minute = self.at(now_ms)
        minute.add(message)
        self.totals[message.judgement.value] += 1
        return minute

    def restore(self, minute: Minute) -> None:
        """Take over a minute of the history; to be called from the oldest to the newest."""
        self._minutes[minute.number] = minute
        self.totals.update(minute.judgements)

    def expire(self, now_ms: int) -> bool:
        """Forget what is too old; return whether anything was."""
        oldest = now_ms // _MS_PER_MINUTE - self._length
        expired = 0
        while self._minutes and (first := next(iter(self._minutes))) <= oldest:
            self.totals.subtract(self._minutes.pop(first).judgements)
            expired += 1
        return expired > 0


def yield_of(totals: Mapping[str, int]) -> float | None:
    """Return OK ÷ all, as first-pass yield is defined: ND is not good. None without any."""
    total = sum(totals.values())
    return totals.get("OK", 0) / total if total else None


def pareto(minutes: Sequence[Minute]) -> list[tuple[str, int]]:
    """Return class and number of defects, the most frequent first."""
    counts: Counter[str] = Counter()
    for minute in minutes:
        counts.update(minute.classes)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _cell(box_xyxy: Sequence[int], size_wh: tuple[int, int]) -> int:
    """Return the cell in which the middle of a box is; boxes outside go to the nearest."""
    columns, rows = MAP_SIZE_WH
    left, top, right, bottom = box_xyxy
    column = _clamped((left + right) * columns // (2 * max(size_wh[0], 1)), columns)
    row = _clamped((top + bottom) * rows // (2 * max(size_wh[1], 1)), rows)
    return row * columns + column


def _clamped(index: int, count: int) -> int:
    return min(max(index, 0), count - 1)
