"""Pictures of a report: small JPEGs inside the page, with the boxes of the defects drawn over them. Pure."""

import base64
from collections.abc import Mapping
from html import escape

from edgevision.compare import Flip, Key, Result
from edgevision.report.page import badge

__all__ = ["Pictures", "card", "more", "pair"]

Pictures = Mapping[Key, bytes]
"""JPEGs by what they show, of any size."""


def card(result: Result, pictures: Pictures) -> str:
    """Return a result with its picture."""
    place = f"<small>{escape(_place(result))}</small>"
    reason = f"<small>{escape(result.reason)}</small>" if result.reason else ""
    truth = f" <small>truth: {result.truth}</small>" if result.truth else ""
    caption = f"{badge(result.judgement)} score {result.score_max:.3f}{truth}{reason}{place}"
    return f"<figure>{_picture(result, pictures)}<figcaption>{caption}</figcaption></figure>"


def pair(flip: Flip, pictures: Pictures) -> str:
    """Return a flip with the pictures of both sides, which differ in what was found."""
    sides = "".join(
        f"<div>{_picture(side, pictures)}{badge(side.judgement)} {side.score_max:.3f}</div>"
        for side in (flip.before, flip.after)
    )
    reason = flip.after.reason or flip.before.reason
    truth = flip.after.truth or flip.before.truth
    known = f", truth {truth}" if truth else ""
    caption = (
        f"<b>{escape(flip.effect)}</b>{known}<small>{escape(reason)}</small>"
        f"<small>{escape(_place(flip.after))}</small>"
    )
    return f'<figure><div class="sides">{sides}</div><figcaption>{caption}</figcaption></figure>'


def more(shown: int, total: int, what: str, where: str) -> str:
    """Return a clear word about what is not shown; nothing when all is."""
    if shown >= total:
        return ""
    text = (
        f"{total - shown:,} of {total:,} {what} have no picture here, so that the page stays small; {where}."
    )
    return f'<p class="more">{escape(text)}</p>'


def _picture(result: Result, pictures: Pictures) -> str:
    jpeg = pictures.get(result.key)
    if jpeg is None:
        return '<div class="none">no picture</div>'
    width, height = result.size_wh
    data = base64.b64encode(jpeg).decode("ascii")
    boxes = "".join(
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" stroke="#ffd400">'
        f"<title>{escape(label)} {score:.3f}</title></rect>"
        for label, score, (left, top, right, bottom) in result.boxes
    )
    return (
        f'<svg class="picture" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(_place(result))}">'
        f'<image href="data:image/jpeg;base64,{data}" width="{width}" height="{height}"/>{boxes}</svg>'
    )


def _place(result: Result) -> str:
    key = result.key
    frame = f"trigger {key.trigger_id}" if key.frame_id is None else f"frame {key.frame_id}"
    part = f", part {result.part_id}" if result.part_id else ""
    return f"{key.name}, {frame}{part}"
