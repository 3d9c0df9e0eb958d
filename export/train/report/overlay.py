"""Pictures of what a model answered: truth and answer as outlines, side by side. Pure array functions."""

from collections.abc import Sequence

import cv2
import numpy as np

from edgevision.types import ClassMap, ImageBgr
from export.train.evaluate import Answer

__all__ = ["COLORS_BGR", "captioned", "overlay", "side_by_side"]

COLORS_BGR = ((60, 60, 255), (60, 200, 255), (255, 150, 40), (90, 220, 60), (230, 80, 230), (230, 230, 60))
"""Colour of class 1, 2, …; they repeat."""

_HEIGHT_PX = 300
_CAPTION_PX = 22


def overlay(image_bgr: ImageBgr, class_map: ClassMap) -> ImageBgr:
    """Return a copy of the picture with the outline of every class in its colour."""
    drawn = image_bgr.copy()
    for class_id in np.unique(class_map).tolist():
        if class_id > 0:
            mask = np.asarray(class_map == class_id, np.uint8)
            contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(drawn, contours, -1, COLORS_BGR[(class_id - 1) % len(COLORS_BGR)], 1)
    return drawn


def side_by_side(answer: Answer, labels: Sequence[str]) -> ImageBgr:
    """Return one captioned row: the picture, its truth, the answer."""
    sample = answer.sample
    panels = (
        (sample.name, sample.image_bgr),
        (f"truth: {_shown(sample.class_map, labels)}", overlay(sample.image_bgr, sample.class_map)),
        (f"answer: {_shown(answer.class_map, labels)}", overlay(sample.image_bgr, answer.class_map)),
    )
    return np.hstack([captioned(text, picture) for text, picture in panels])


def _shown(class_map: ClassMap, labels: Sequence[str]) -> str:
    ids = [class_id for class_id in np.unique(class_map).tolist() if class_id > 0]
    return ", ".join(labels[class_id] for class_id in ids) or "nothing"


def captioned(text: str, picture: ImageBgr, height_px: int = _HEIGHT_PX) -> ImageBgr:
    """Return the picture in this height, with a line of text above."""
    height, width = picture.shape[:2]
    shown_width = max(160, round(width * height_px / height))
    scaled = cv2.resize(picture, (shown_width, height_px), interpolation=cv2.INTER_AREA)
    bar = np.full((_CAPTION_PX, shown_width, 3), 245, np.uint8)
    cv2.putText(bar, text, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (30, 30, 30), 1, cv2.LINE_AA)
    framed = np.vstack([bar, np.asarray(scaled, np.uint8)])
    return np.asarray(cv2.copyMakeBorder(framed, 0, 4, 0, 4, cv2.BORDER_CONSTANT, value=(255, 255, 255)))
