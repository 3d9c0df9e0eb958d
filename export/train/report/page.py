"""The HTML page of a training report: one file, nothing loaded from elsewhere. Pure text functions."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Figures", "Page", "Picture", "render"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; color: #222 }
table { border-collapse: collapse; margin: 1em 0 }
td, th { padding: .25em .8em; border-bottom: 1px solid #ddd }
td.n { text-align: right; font-variant-numeric: tabular-nums } th { text-align: left }
img { max-width: 100%; display: block; margin: .4em 0 } svg { font: 12px system-ui, sans-serif }
pre { background: #f6f6f6; padding: 1em; overflow-x: auto }
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and what it shows."""

    caption: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Figures:
    """A sentence and a table, one class a row."""

    summary: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """What a report says."""

    title: str
    facts: Mapping[str, str]
    figures: Figures
    charts_svg: Sequence[str]
    overlays: Sequence[Picture]
    mistakes_are: str
    """What the order of the mistakes is, and what each picture shows."""
    mistakes: Sequence[Picture]
    left_out: Sequence[str]
    """Pictures that could not be used, with the reason."""
    configuration: str


def render(page: Page) -> str:
    """Return the page as HTML text."""
    sections = [
        f"<h1>{escape(page.title)}</h1>",
        _facts(page.facts),
        "<h2>Validation</h2>",
        _figures(page.figures),
        "<h2>Curves</h2>",
        *page.charts_svg,
        f"<h2>Worst mistakes</h2><p>{escape(page.mistakes_are)}</p>",
        *map(_picture, page.mistakes),
        "<h2>Samples</h2>",
        *map(_picture, page.overlays),
        _left_out(page.left_out),
        f"<h2>Configuration</h2><pre>{escape(page.configuration)}</pre>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(page.title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(sections)}</body></html>\n'


def _facts(facts: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()
    )
    return f"<table>{rows}</table>"


def _figures(figures: Figures) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in figures.head)
    rows = "".join(_row(row) for row in figures.rows)
    return f"<p>{escape(figures.summary)}</p><table><tr>{head}</tr>{rows}</table>"


def _row(row: Sequence[str]) -> str:
    cells = "".join(f'<td class="n">{escape(text)}</td>' for text in row[1:])
    return f"<tr><td>{escape(row[0])}</td>{cells}</tr>"


def _picture(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode("ascii")
    return f'<img alt="{escape(picture.caption)}" src="data:image/png;base64,{data}">'


def _left_out(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f"<h2>Pictures left out</h2><ul>{items}</ul>"
