"""Charts as SVG text: stacked bars over a sequence, and a histogram with thresholds. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from edgevision.types import Judgement

__all__ = ["Column", "histogram", "score_columns", "time_columns", "timeline"]

_WIDTH: Final = 1000
_HEIGHT: Final = 190
_LEFT: Final = 46
_BOTTOM: Final = 24
_TOP: Final = 22
_COLUMNS_MAX: Final = 120
_SCORE_STEPS: Final = 50

_ORDER: Final = (Judgement.OK, Judgement.ND, Judgement.NG)
"""From the bottom up."""


@dataclass(frozen=True, slots=True)
class Column:
    """How many results of each judgement fall into one column, and what it stands for."""

    counts: Mapping[Judgement, int]
    title: str


def time_columns(judgements: Sequence[Judgement]) -> list[Column]:
    """Return the results in their order, in at most 120 columns of equal width."""
    per_column = max(1, -(-len(judgements) // _COLUMNS_MAX))
    columns = []
    for start in range(0, len(judgements), per_column):
        part = judgements[start : start + per_column]
        columns.append(Column(Counter(part), _inspections(start + 1, start + len(part))))
    return columns


def score_columns(results: Iterable[tuple[Judgement, float]]) -> list[Column]:
    """Return the results by their highest score, in 50 columns from 0 to 1."""
    counts: list[Counter[Judgement]] = [Counter() for _ in range(_SCORE_STEPS)]
    for judgement, score in results:
        counts[min(int(score * _SCORE_STEPS), _SCORE_STEPS - 1)][judgement] += 1
    return [
        Column(each, f"score {index / _SCORE_STEPS:.2f} to {(index + 1) / _SCORE_STEPS:.2f}")
        for index, each in enumerate(counts)
    ]


def timeline(columns: Sequence[Column]) -> str:
    """Return stacked bars: how many of each judgement, in the order of inspection."""
    total = sum(sum(column.counts.values()) for column in columns)
    ends = [(_LEFT, "start", "first"), (_WIDTH, "end", f"inspection {total:,}")]
    return _chart("Judgements in the order of inspection", columns, [_label(*end) for end in ends])


def histogram(columns: Sequence[Column], thresholds: Iterable[float]) -> str:
    """Return stacked bars over the score, with a dashed line for each threshold."""
    places = [_LEFT + score * (_WIDTH - _LEFT) for score in sorted(thresholds)]
    marks = [
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{_HEIGHT - _BOTTOM}"/>' for x in places
    ]
    anchors = ("start", "middle", "middle", "middle", "middle", "end")
    ticks = [
        _label(_LEFT + step / 5 * (_WIDTH - _LEFT), anchor, f"{step / 5:.1f}")
        for step, anchor in enumerate(anchors)
    ]
    return _chart("Highest score of each inspection", columns, [*ticks, *marks])


def _chart(name: str, columns: Sequence[Column], extra: Iterable[str]) -> str:
    highest = max((sum(column.counts.values()) for column in columns), default=0) or 1
    plot = _HEIGHT - _TOP - _BOTTOM
    step = (_WIDTH - _LEFT) / max(1, len(columns))
    bars = (_bar(column, _LEFT + index * step, step, plot / highest) for index, column in enumerate(columns))
    grid = (
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count:,}</text>'
        for count in sorted({0, highest // 2, highest})
        for y in (_TOP + plot - count * plot / highest,)
    )
    content = "".join((*grid, *bars, *extra))
    view = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return f'<svg class="chart" {view} role="img" aria-label="{escape(name)}">{content}</svg>'


def _bar(column: Column, left: float, width: float, px_each: float) -> str:
    top = float(_HEIGHT - _BOTTOM)
    parts = []
    for judgement in _ORDER:
        count = column.counts.get(judgement, 0)
        if count:
            height = count * px_each
            top -= height
            gap = min(1.5, width / 5)
            parts.append(
                f'<rect class="{judgement}" x="{left + gap / 2:.2f}" width="{width - gap:.2f}" y="{top:.2f}" '
                f'height="{height:.2f}"/>'
            )
    told = ", ".join(f"{column.counts.get(each, 0)} {each}" for each in Judgement)
    return f"<g><title>{escape(column.title)}: {told}</title>{''.join(parts)}</g>" if parts else ""


def _label(x: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{escape(text)}</text>'


def _inspections(first: int, last: int) -> str:
    return f"inspection {first:,}" if first == last else f"inspections {first:,} to {last:,}"
