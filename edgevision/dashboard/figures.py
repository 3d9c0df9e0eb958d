"""The charts of a station: trend by minute, Pareto by class, defect map. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from edgevision.dashboard.live import CameraLive
from edgevision.dashboard.window import MAP_SIZE_WH, Minute, pareto

__all__ = ["figures"]

_MAX_CLASSES = 10
_MAX_MINUTES = 168 * 60
"""More than a window holds; less than a clock that jumped makes of it."""


def figures(cameras: Iterable[CameraLive]) -> dict[str, Any]:
    """Return the charts over the window of these cameras together, as columns."""
    minutes = [minute for camera in cameras for minute in camera.window.minutes]
    cells: Counter[int] = Counter()
    for minute in minutes:
        cells.update(minute.cells)
    columns, rows = MAP_SIZE_WH
    return {
        "trend": _trend(minutes),
        "pareto": [{"class": label, "count": count} for label, count in pareto(minutes)[:_MAX_CLASSES]],
        "map": {"columns": columns, "rows": rows, "cells": sorted(cells.items())},
    }


def _trend(minutes: list[Minute]) -> dict[str, list[Any]]:
    """Return columns with a row for every minute from the first to the last; nothing happened in some."""
    by_number: defaultdict[int, list[Minute]] = defaultdict(list)
    for minute in minutes:
        by_number[minute.number].append(minute)
    end = max(by_number, default=-1) + 1
    numbers = range(max(min(by_number, default=0), end - _MAX_MINUTES), end)
    trend: dict[str, list[Any]] = {"time_s": [number * 60 for number in numbers]}
    for name in ("OK", "NG", "ND"):
        counts = (sum(one.judgements[name] for one in by_number[number]) for number in numbers)
        trend[name.lower()] = list(counts)
    for name in ("latency_p50_ms", "latency_p99_ms", "outbox_depth"):
        trend[name] = [_worst(name, by_number[number]) for number in numbers]
    return trend


def _worst(name: str, minutes: list[Minute]) -> float | None:
    known = [value for minute in minutes if (value := getattr(minute, name)) is not None]
    return max(known, default=None)
