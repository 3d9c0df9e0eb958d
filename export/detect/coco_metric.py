"""COCO's mean average precision over IoU 0.5 to 0.95, computed by its own tool, pycocotools."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
from pycocotools.coco import COCO  # type: ignore[import-untyped]
from pycocotools.cocoeval import COCOeval  # type: ignore[import-untyped]

from edgevision.ops.detections import Detections
from export.detect.metrics import Truth

__all__ = ["coco_map"]


def coco_map(found: Sequence[Detections], truths: Sequence[Truth], classes: int) -> float:
    """Return AP at IoU 0.50:0.95, all areas, at most 100 boxes a picture; NaN without any object.

    Difficult objects count as crowds: boxes that meet them are ignored.
    """
    objects = [row for index, truth in enumerate(truths) for row in _objects(index, truth)]
    boxes = [row for index, one in enumerate(found) for row in _boxes(index, one)]
    if not objects:
        return float("nan")
    if not boxes:
        return 0.0
    with redirect_stdout(StringIO()):
        ground = COCO()
        ground.dataset = {
            "images": [{"id": index} for index in range(len(truths))],
            "categories": [{"id": class_id} for class_id in range(classes)],
            "annotations": [row | {"id": number} for number, row in enumerate(objects, 1)],
        }
        ground.createIndex()
        evaluation = COCOeval(ground, ground.loadRes(boxes), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def _objects(index: int, truth: Truth) -> list[dict[str, Any]]:
    rows = zip(truth.boxes_xyxy, truth.class_ids, truth.difficult, strict=True)
    return [
        _row(index, box, class_id) | {"iscrowd": int(hard), "area": float(np.prod(box[2:] - box[:2]))}
        for box, class_id, hard in rows
    ]


def _boxes(index: int, found: Detections) -> list[dict[str, Any]]:
    rows = zip(found.boxes_xyxy, found.class_ids, found.scores, strict=True)
    return [_row(index, box, class_id) | {"score": float(score)} for box, class_id, score in rows]


def _row(index: int, box: Any, class_id: Any) -> dict[str, Any]:
    left, top, right, bottom = (float(value) for value in box)
    return {
        "image_id": index,
        "category_id": int(class_id),
        "bbox": [left, top, right - left, bottom - top],
    }
