"""Complete inspections without a model, for the tests of messages and MQTT."""

from dataclasses import replace
from typing import Any

import numpy as np

from edgevision.types import (
    Defect,
    Findings,
    Frame,
    Inspected,
    Inspection,
    Judgement,
    ModelRef,
    Reason,
    RecipeRef,
    StageTimes,
    Verdict,
)

__all__ = ["CRACK", "ENGRAVED", "MODEL", "RECIPE", "inspected", "ng_inspection", "ok_inspection"]

RECIPE = RecipeRef("surface-crack", "1.2", "a" * 64)
MODEL = ModelRef("cracks", "surface-crack", "1.0.3", "b" * 64, "int8", "openvino", "CPU")

CRACK = Defect(
    label="crack",
    class_id=1,
    score=0.987654321,
    box_xyxy=(12, 30, 200, 44),
    area_px=812.0,
    outline_xy=np.zeros((4, 2), np.int32),
    length_px=190.123456,
    width_max_px=6.54321,
    width_mean_px=4.0,
)
ENGRAVED = Defect("pit", 2, 0.75, (1, 2, 5, 6), 16.0, np.zeros((4, 2), np.int32), px_per_mm=4.0)

_OK = Inspection(
    result_id="0190-ok",
    camera="cam1",
    frame_id=48211,
    captured_ns=77,
    wall_ns=1_795_459_200_123_456_789,
    size_wh=(1280, 720),
    recipe=RECIPE,
    models=(MODEL,),
    findings=(Findings("cracks", (), score_max=0.0812345),),
    verdict=Verdict(Judgement.OK),
    times=StageTimes(queue_ns=1_500_000, inspect_ns=41_700_000, infer_ns=33_000_456),
)


def ok_inspection(**changes: Any) -> Inspection:
    """Return an inspection without defects."""
    return replace(_OK, **changes)


def ng_inspection(**changes: Any) -> Inspection:
    """Return an inspection with a crack and two reasons."""
    reasons = (
        Reason(
            "limit_exceeded", "The crack is 190 px long, at most 20 px.", {"limit": 20.0, "value": 190.123456}
        ),
        Reason("count_exceeded", "1 crack, at most 0.", {"limit": 0, "rule": "no-cracks"}),
    )
    found = (Findings("cracks", (CRACK,), score_max=0.987654321),)
    return replace(_OK, findings=found, verdict=Verdict(Judgement.NG, reasons), **changes)


def inspected(inspection: Inspection) -> Inspected:
    """Return the inspection with a black frame."""
    image = np.zeros((2, 2, 3), np.uint8)
    frame_id = inspection.frame_id or 0
    frame = Frame(image, inspection.camera, frame_id, inspection.captured_ns, inspection.wall_ns)
    return Inspected(frame, inspection)
