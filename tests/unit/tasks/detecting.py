"""Detect tasks for tests, with an engine that sees what is dark."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.recipe import DetectStep
from edgevision.tasks.detect import DetectTask
from edgevision.types import Findings, Frame, ModelRef
from tests.detectbundles import cell_bundle_parts

__all__ = ["MODEL", "Answer", "Batch", "Box", "blobs", "boxes_of", "frame", "spec", "task"]

Batch = npt.NDArray[np.uint8]
Answer = Callable[[Batch], Any]
MODEL = ModelRef("board", "cells", "1.0.0", "0" * 64, "fp32", "fake", "cpu")
Box = tuple[int, int, int, int]


def spec(decoder: str = "ssd-decoded", activation: str = "none", **detect: Any) -> Manifest:
    fields, _ = cell_bundle_parts()
    outputs = [{"name": "boxes"}, {"name": "scores", "activation": activation}]
    return Manifest.model_validate(fields | {"outputs": outputs, "detect": {"decoder": decoder} | detect})


def blobs(batch: Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Find each connected dark thing: one box around it, scored by its darkness."""
    dark = (batch[0, :, :, 0] < 100).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark)
    boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:count].tolist()]
    scores = [(1 - batch[0, y1:y2, x1:x2, 0].min() / 100, 0.0) for x1, y1, x2, y2 in boxes]
    return (
        np.array(boxes, np.float32).reshape(1, -1, 4),
        np.array(scores, np.float32).reshape(1, -1, 2),
    )


def task(answer: Answer = blobs, manifest: Manifest | None = None, **step: Any) -> DetectTask:
    fields = {"name": "board", "task": "detect", "bundle": "cells.zip"} | step
    return DetectTask(DetectStep.model_validate(fields), manifest or spec(), FakeEngine(answer), MODEL)


def frame(image: npt.NDArray[np.uint8]) -> Frame:
    return Frame(image, "cam1", 0, 0, 0)


def boxes_of(findings: Findings) -> list[Box]:
    return sorted(defect.box_xyxy for defect in findings.defects)
