"""Pictures with boxes drawn in. Pure array functions."""

from collections.abc import Sequence

import cv2

from edgevision.ops.detections import Detections
from edgevision.types import ImageBgr
from export.train.report.overlay import COLORS_BGR

__all__ = ["drawn_boxes"]


def drawn_boxes(image_bgr: ImageBgr, found: Detections, labels: Sequence[str]) -> ImageBgr:
    """Return a copy of the picture with each box in the colour of its class, its label and score."""
    drawn = image_bgr.copy()
    for box, score, class_id in zip(
        found.boxes_xyxy.round().astype(int).tolist(), found.scores.tolist(), found.class_ids, strict=True
    ):
        color = COLORS_BGR[int(class_id) % len(COLORS_BGR)]
        left, top, right, bottom = box
        cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), color, 2)
        text = labels[int(class_id)] + ("" if score >= 1 else f" {score:.2f}")
        at = (left, top - 4 if top > 16 else bottom + 14)
        cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, 1, cv2.LINE_AA)
    return drawn
