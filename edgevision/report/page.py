"""The frame of a report: head, style, figures, tables. Pure text.

Judgements differ in colour, shape and letters. Pages follow the reader's light or dark setting, and
print well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from edgevision.types import Judgement

__all__ = ["Figure", "badge", "figures", "page", "section", "table"]

_SHAPES: Final = {
    Judgement.OK: '<circle cx="6" cy="6" r="5"/>',
    Judgement.NG: '<path d="M1 1h10v10H1z"/>',
    Judgement.ND: '<path d="M6 0l6 11H0z"/>',
}

_STYLE: Final = """
:root { --ink:#1c2530; --soft:#5c6b7a; --line:#dfe5ea; --ground:#f4f6f8; --card:#fff;
  --ok:#1b7f5c; --ng:#c62f3d; --nd:#b26a00; --accent:#2b5c9e }
@media (prefers-color-scheme: dark) { :root { --ink:#e8edf2; --soft:#9aa9b7; --line:#313c47; --ground:#12181e;
  --card:#1b232b; --ok:#4cc19a; --ng:#ff7480; --nd:#f0ad4e; --accent:#7fb0ee } }
* { box-sizing:border-box }
body { margin:0; background:var(--ground); color:var(--ink); font:15px/1.5 system-ui,"Segoe UI",sans-serif }
main { max-width:1120px; margin:0 auto; padding:32px 24px 48px }
header { display:flex; flex-wrap:wrap; gap:4px 24px; align-items:baseline; justify-content:space-between;
  border-bottom:3px solid var(--accent); padding-bottom:14px; margin:0 0 24px }
h1 { font-size:26px; line-height:1.2; margin:0; font-weight:650; letter-spacing:-.01em }
header p { margin:0; color:var(--soft) }
h2 { font-size:17px; margin:0 0 2px; font-weight:650 }
section { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:18px 20px;
  margin:0 0 18px }
section > p { margin:0 0 12px; color:var(--soft); max-width:80ch }
.figures { display:grid; grid-template-columns:repeat(auto-fit,minmax(130px,1fr)); gap:12px;
  margin:0 0 18px }
.figure { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:12px 16px;
  border-top:4px solid var(--line) }
.figure b { display:block; font-size:28px; line-height:1.2; font-weight:650;
  font-variant-numeric:tabular-nums }
.figure span { color:var(--soft); font-size:13px }
.figure.OK { border-top-color:var(--ok) } .figure.NG { border-top-color:var(--ng) }
.figure.ND { border-top-color:var(--nd) } .figure.plain { border-top-color:var(--accent) }
table { border-collapse:collapse; width:100%; font-size:14px }
th, td { text-align:left; padding:6px 14px 6px 0; border-bottom:1px solid var(--line); vertical-align:top }
tr:last-child > * { border-bottom:0 }
th { font-weight:600; color:var(--soft) } td { overflow-wrap:anywhere }
.n { text-align:right; font-variant-numeric:tabular-nums }
.columns { display:grid; grid-template-columns:repeat(auto-fit,minmax(340px,1fr)); gap:0 18px }
.badge { display:inline-flex; gap:5px; align-items:center; font-weight:650; font-size:13px }
.badge svg { width:11px; height:11px; fill:currentColor }
.OK { color:var(--ok) } .NG { color:var(--ng) } .ND { color:var(--nd) }
.figure.OK, .figure.NG, .figure.ND { color:inherit }
svg.chart { width:100%; height:auto; display:block; font:12px system-ui,sans-serif }
svg.chart text { fill:var(--soft) } svg.chart .strong { fill:var(--ink); font-weight:600 }
svg.chart .OK { fill:var(--ok) } svg.chart .NG { fill:var(--ng) } svg.chart .ND { fill:var(--nd) }
svg.chart line { stroke:var(--line) } svg.chart line.mark { stroke:var(--ink); stroke-dasharray:5 4 }
.gallery { display:grid; grid-template-columns:repeat(auto-fill,minmax(220px,1fr)); gap:14px }
.pairs { display:grid; grid-template-columns:repeat(auto-fill,minmax(460px,1fr)); gap:14px }
figure { content-visibility:auto; contain-intrinsic-size:auto 320px }
figure { margin:0; border:1px solid var(--line); border-radius:8px; overflow:hidden;
  background:var(--ground) }
figure .sides { display:grid; grid-template-columns:1fr 1fr; gap:2px }
figure .sides > div > .badge { padding:4px 10px }
figure svg.picture { display:block; width:100%; height:auto; background:#0003 }
figure .none { display:grid; place-items:center; aspect-ratio:4/3; color:var(--soft); font-size:13px }
figure rect { fill:none; stroke-width:2; vector-effect:non-scaling-stroke }
figcaption { padding:8px 12px 10px; font-size:13px } figcaption small { color:var(--soft); display:block;
  overflow-wrap:anywhere }
.legend { display:flex; gap:18px; margin:0 0 6px }
.more { margin:12px 0 0 !important } .good { color:var(--ok) } .bad { color:var(--ng) }
footer { color:var(--soft); font-size:13px }
@media print { body { background:#fff } section, figure, .figure { break-inside:avoid } main { padding:0 } }
"""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, what it counts, and the judgement whose colour it has."""

    value: str
    name: str
    kind: str = "plain"


def page(title: str, subtitle: str, body: Iterable[str], footer: str) -> str:
    """Return a whole page; `body` is HTML, the rest plain text."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{escape(title)}</title><style>{_STYLE}</style>'
    )
    header = f"<header><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></header>"
    main = f"<main>{header}{''.join(body)}<footer>{escape(footer)}</footer></main>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{main}</body></html>\n'


def section(title: str, *content: str, lead: str = "") -> str:
    """Return a card with a heading, a plain sentence under it, and HTML."""
    told = f"<p>{escape(lead)}</p>" if lead else ""
    return f"<section><h2>{escape(title)}</h2>{told}{''.join(content)}</section>"


def figures(values: Iterable[Figure]) -> str:
    """Return a row of large numbers."""
    cards = (
        f'<div class="figure {escape(each.kind)}"><b>{escape(each.value)}</b>'
        f"<span>{escape(each.name)}</span></div>"
        for each in values
    )
    return f'<div class="figures">{"".join(cards)}</div>'


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), numbers: bool = False) -> str:
    """Return a table of plain texts, the first of each row as its heading."""
    kind = ' class="n"' if numbers else ""
    top = "".join(f"<th{kind if index else ''}>{escape(name)}</th>" for index, name in enumerate(head))
    lines = (
        f"<tr><th>{escape(first)}</th>{''.join(f'<td{kind}>{escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if head else ''}{''.join(lines)}</table>"


def badge(judgement: Judgement) -> str:
    """Return the judgement with its colour and shape."""
    shape = f'<svg viewBox="0 0 12 12" aria-hidden="true">{_SHAPES[judgement]}</svg>'
    return f'<span class="badge {judgement}">{shape}{judgement}</span>'
