"""Draws the curves of a training as SVG text and as a PNG, from the same points. No plotting library."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import cv2
import numpy as np

from edgevision.types import ImageBgr

__all__ = ["Chart", "Series", "as_png", "as_svg"]

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 150, 34, 34
_COLORS_RGB = (
    (31, 99, 181),
    (200, 60, 50),
    (40, 140, 70),
    (150, 80, 170),
    (190, 130, 20),
    (90, 90, 90),
    (20, 160, 170),
    (230, 110, 160),
)
_GRID_LINES = 5


class Series(NamedTuple):
    """One named line of points (x, y)."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the epochs, or over something else; the y axis begins at 0."""

    title: str
    series: Sequence[Series]
    x_min: float = 1.0
    x_title: str = "epoch 1 to {:.0f}"
    """Gets the end of the x axis."""

    @property
    def y_max(self) -> float:
        """Return the upper end of the y axis: 1, 2, 2.5 or 5 times a power of ten."""
        highest = max((y for line in self.series for _, y in line.points), default=1.0)
        power = 10.0 ** np.floor(np.log10(max(highest, 1e-6)))
        return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= highest * 0.999))

    @property
    def x_max(self) -> float:
        """Return the last epoch, or whatever the x axis ends with."""
        return max((x for line in self.series for x, _ in line.points), default=1.0)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point."""
        across = (x - self.x_min) / (max(self.x_max - self.x_min, 0.0) or 1.0)
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - y / self.y_max * (_HEIGHT - _TOP - _BOTTOM),
        )

    def grid(self) -> list[tuple[float, str]]:
        """Return the y pixel and the text of each horizontal line."""
        values = np.linspace(0, self.y_max, _GRID_LINES + 1).tolist()
        return [(self.place(1, value)[1], f"{value:.3g}") for value in values]


def as_svg(chart: Chart) -> str:
    """Return the chart as an SVG element."""
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img">',
        f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(chart.title)}</text>',
    ]
    for y, text in chart.grid():
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for index, line in enumerate(chart.series):
        color = "rgb({},{},{})".format(*_COLORS_RGB[index % len(_COLORS_RGB)])
        points = " ".join("{:.1f},{:.1f}".format(*chart.place(x, y)) for x, y in line.points)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        x, y = _WIDTH - _RIGHT + 10, _TOP + 8 + 18 * index
        parts.append(f'<text x="{x}" y="{y}" fill="{color}">{escape(line.name)}</text>')
    middle, below = (_LEFT + _WIDTH - _RIGHT) / 2, chart.x_title.format(chart.x_max)
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(below)}</text>')
    return "".join([*parts, "</svg>"])


def as_png(chart: Chart) -> ImageBgr:
    """Return the chart as a (320, 640, 3) picture."""
    canvas = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    _write(canvas, chart.title, (_LEFT, 20), (20, 20, 20))
    for y, text in chart.grid():
        cv2.line(canvas, (_LEFT, round(y)), (_WIDTH - _RIGHT, round(y)), (221, 221, 221), 1)
        _write(canvas, text, (8, round(y) + 4), (20, 20, 20))
    for index, line in enumerate(chart.series):
        color = _COLORS_RGB[index % len(_COLORS_RGB)][::-1]
        points = np.array([chart.place(x, y) for x, y in line.points])
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, color, 2, cv2.LINE_AA)
        _write(canvas, line.name, (_WIDTH - _RIGHT + 10, _TOP + 8 + 18 * index), color)
    _write(canvas, chart.x_title.format(chart.x_max), (_LEFT + 140, _HEIGHT - 8), (20, 20, 20))
    return canvas


def _write(canvas: ImageBgr, text: str, at_xy: tuple[int, int], color_bgr: tuple[int, ...]) -> None:
    cv2.putText(canvas, text, at_xy, cv2.FONT_HERSHEY_SIMPLEX, 0.42, color_bgr, 1, cv2.LINE_AA)
