"""Segment tasks for tests, with an engine that sees what is dark as class 1."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.recipe import SegmentStep
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Findings, Frame, ModelRef
from tests.bundles import bundle_parts

__all__ = [
    "MODEL",
    "Answer",
    "Batch",
    "class_map_of",
    "darkness",
    "frame_of",
    "manifest_of",
    "mask_of",
    "segment_task",
]

Batch = npt.NDArray[np.uint8]
Answer = Callable[[Batch], npt.NDArray[Any]]
MODEL = ModelRef("surface", "tiny", "1.0.0", "0" * 64, "fp32", "fake", "cpu")


def manifest_of(
    labels: tuple[str, ...] = ("background", "crack"), output: dict[str, str] | None = None, **fields: Any
) -> Manifest:
    parts, _ = bundle_parts((64, 64), labels)
    return Manifest.model_validate(parts | {"outputs": [{"name": "classes"} | (output or {})]} | fields)


def darkness(batch: Batch) -> npt.NDArray[np.float32]:
    dark = 1.0 - batch[..., :1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    return np.concatenate((1 - dark, dark), axis=1)


def segment_task(
    answer: Answer = darkness, spec: Manifest | None = None, px_per_mm: float | None = None, **step: Any
) -> SegmentTask:
    fields = {"name": "surface", "bundle": "tiny.zip"} | step
    return SegmentTask(
        SegmentStep.model_validate(fields), spec or manifest_of(), FakeEngine(answer), MODEL, px_per_mm
    )


def frame_of(mask: npt.NDArray[np.uint8]) -> Frame:
    image = np.repeat(np.where(mask, 0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    return Frame(image, "cam1", 0, 0, 0)


def mask_of(width: int, height: int, *boxes_xyxy: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    mask = np.zeros((height, width), np.uint8)
    for left, top, right, bottom in boxes_xyxy:
        mask[top:bottom, left:right] = 1
    return mask


def class_map_of(findings: Findings) -> npt.NDArray[np.uint8]:
    assert findings.class_map is not None
    return findings.class_map
