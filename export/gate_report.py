"""Writes what the gate found: `gate.json` for programs, `gate.html` with pictures of flips for people."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

import cv2

from edgevision.types import ImageBgr
from export.gate import Flip, Measured
from export.verify import GateResult
from export.work import Work

__all__ = ["SCHEMA", "gate_html", "gate_json", "write_gate_report"]

SCHEMA = "edgevision.gate/1"
_PICTURES_MAX = 24
_SIDE_PX = 320

_STYLE = (
    "body{font:15px/1.4 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;border-bottom:1px solid #ccc;"
    "text-align:right}td:first-child,th:first-child{text-align:left}"
    ".no{color:#b00020}.yes{color:#00701a}figure{display:inline-block;margin:.3em}"
    "img{max-width:100%}figcaption{color:#555;font-size:.9em}"
)


def write_gate_report(work: Work, result: GateResult) -> Path:
    """Write both reports to the work folder and return the HTML file. Raises OutputError."""
    work.write("gate.json", (json.dumps(gate_json(result), indent=2) + "\n").encode())
    return work.write("gate.html", gate_html(result).encode())


def gate_json(result: GateResult) -> dict[str, object]:
    """Return the report as plain values."""
    return {
        "schema": SCHEMA,
        "model": result.subject.manifest.name,
        "version": result.subject.manifest.version,
        "passed": result.passed,
        "refusals": list(result.refusals),
        "max_loss": dict(result.subject.max_loss),
        "held_out": result.subject.held_out_name,
        "has_truth": result.subject.has_truth,
        "recipe": result.subject.recipe.name,
        "runners": [_runner_json(result, measured) for measured in result.measured],
        "golden": [sample.picture for sample in result.golden],
        "flips": [asdict(flip) for flip in result.flips],
    }


def _runner_json(result: GateResult, measured: Measured) -> dict[str, object]:
    return {
        "name": measured.runner.name,
        "precision": measured.runner.precision,
        "engine": measured.runner.engine_name,
        "pictures": len(measured.pictures),
        "figures": measured.figures,
        "agreement_with_fp32": measured.agreement,
        "difference_to_fp32": asdict(measured.difference),
        "judgements": {
            name: sum(p.judgement == name for p in measured.pictures) for name in ("OK", "NG", "ND")
        },
        "median_ms": result.speed_ms.get(measured.runner.name),
    }


def gate_html(result: GateResult) -> str:
    """Return the report as one self-contained page."""
    title = escape(f"Gate: {result.subject.manifest.name} {result.subject.manifest.version}")
    verdict = '<span class="yes">passed</span>' if result.passed else '<span class="no">refused</span>'
    pictures = f"{result.subject.pictures} pictures: {escape(result.subject.held_out_name)}"
    return "\n".join(
        [
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>',
            f"<style>{_STYLE}</style><h1>{title}: {verdict}</h1><p>{pictures}.</p>",
            _list(result.refusals, "no"),
            _figures_table(result),
            *(f"<p>int8 is not faster than fp32 on {escape(name)} here.</p>" for name in result.slow_int8),
            f"<h2>Flipped verdicts: {len(result.flips)}</h2>",
            *_flip_sections(result),
            "</html>",
        ]
    )


def _list(lines: Sequence[str], css_class: str) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<ul class="{css_class}">{items}</ul>' if items else ""


def _figures_table(result: GateResult) -> str:
    names = dict.fromkeys(name for measured in result.measured for name in measured.figures)
    rows = [("", *(measured.runner.name for measured in result.measured))]
    rows += [(name, *(_number(m.figures.get(name)) for m in result.measured)) for name in names]
    rows += [
        ("agreement with fp32", *(_number(m.agreement) for m in result.measured)),
        ("largest difference of a value", *(_number(m.difference.max) for m in result.measured)),
        ("mean difference", *(f"{m.difference.mean:.2g}" for m in result.measured)),
        ("99 % differ by less than", *(_number(m.difference.p99) for m in result.measured)),
        ("judged NG", *(str(sum(p.judgement == "NG" for p in m.pictures)) for m in result.measured)),
        ("ms per inference", *(_number(result.speed_ms.get(m.runner.name)) for m in result.measured)),
    ]
    return f"<table>{''.join(_row(row) for row in rows)}</table>"


def _row(cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _flip_sections(result: GateResult) -> Iterator[str]:
    for index, flip in enumerate(result.flips):
        golden = " (golden)" if flip.is_golden else ""
        yield (
            f"<h3>{escape(flip.picture)}{golden}: {escape(flip.expected)} in fp32, {escape(flip.got)} in "
            f"{escape(flip.runner)} ({flip.what})</h3>"
        )
        if index < _PICTURES_MAX:
            yield from _flip_figures(result, flip)


def _flip_figures(result: GateResult, flip: Flip) -> Iterator[str]:
    names = [picture.name for picture in result.measured[0].pictures]
    index = names.index(flip.picture)
    other = next(measured for measured in result.measured if measured.runner.name == flip.runner)
    yield _figure("picture", result.subject.image(index))
    truth = result.subject.truth_drawn(index)
    if truth is not None:
        yield _figure("truth", truth)
    yield _figure("fp32", result.measured[0].run.drawn(index))
    yield _figure(flip.runner, other.run.drawn(index))


def _figure(caption: str, image: ImageBgr) -> str:
    factor = _SIDE_PX / max(image.shape[:2])
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    data = base64.b64encode(bytes(cv2.imencode(".jpg", small)[1])).decode()
    alt = escape(caption)
    picture = f'<img src="data:image/jpeg;base64,{data}" alt="{alt}">'
    return f"<figure>{picture}<figcaption>{alt}</figcaption></figure>"
