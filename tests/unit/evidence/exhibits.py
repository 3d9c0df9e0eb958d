"""Inspected parts with pixels, for the tests of evidence."""

import uuid
from typing import Any

import numpy as np

from edgevision.types import Frame, Inspected, Inspection, Judgement, Reason, Verdict
from tests.inspections import ng_inspection, ok_inspection

__all__ = ["part", "result_id_of"]

SIZE_WH = (64, 48)


def part(
    judgement: Judgement = Judgement.NG,
    number: int = 0,
    *,
    size_wh: tuple[int, int] = SIZE_WH,
    **changes: Any,
) -> Inspected:
    """Return an inspected part; its noise is seeded by its number, so that no two look alike."""
    width, height = size_wh
    image = np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)
    fields = {"result_id": result_id_of(number), "frame_id": number, "size_wh": size_wh} | changes
    inspection = _inspection(judgement, fields)
    frame = Frame(image, inspection.camera, number, inspection.captured_ns, inspection.wall_ns)
    return Inspected(frame, inspection)


def result_id_of(number: int) -> str:
    """Return the result id of a part."""
    return str(uuid.UUID(int=number))


def _inspection(judgement: Judgement, fields: dict[str, Any]) -> Inspection:
    if judgement is Judgement.OK:
        return ok_inspection(**fields)
    if judgement is Judgement.NG:
        return ng_inspection(**fields)
    return ok_inspection(verdict=Verdict(judgement, (Reason("late", "The frame came too late."),)), **fields)
