"""The charts of a station: trend by minute, Pareto by class, defect map. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from edgevision.dashboard.live import CameraLive
from edgevision.dashboard.window import MAP_SIZE_WH, Minute, pareto

__all__ = ["figures"]

_MAX_CLASSES = 10


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
    by_number: dict[int, list[Minute]] = {}
    for minute in sorted(minutes, key=lambda one: one.number):
        by_number.setdefault(minute.number, []).append(minute)
    trend: dict[str, list[Any]] = {
        "time_s": [],
        "ok": [],
        "ng": [],
        "nd": [],
        "latency_p50_ms": [],
        "latency_p99_ms": [],
    }
    for number, together in by_number.items():
        trend["time_s"].append(number * 60)
        for name in ("OK", "NG", "ND"):
            trend[name.lower()].append(sum(minute.judgements[name] for minute in together))
        for name in ("latency_p50_ms", "latency_p99_ms"):
            known = [value for minute in together if (value := getattr(minute, name)) is not None]
            trend[name].append(max(known, default=None))
    return trend
