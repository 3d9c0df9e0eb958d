"""Compares what a detect model found in a golden sample with what it is expected to find. Pure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.bundle.detectspec import DetectSpec
from edgevision.ops.boxes import iou_matrix
from edgevision.ops.detections import Detections

__all__ = ["Comparison", "compare_findings"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many findings there are on both sides, and those that the other side lacks."""

    findings: int
    missing: int
    """Expected, but not found as expected."""
    new: int
    """Found, but not expected."""

    @property
    def differing(self) -> float:
        """Return the share of findings that differ."""
        return (self.missing + self.new) / max(self.findings, 1)


def compare_findings(expected: Detections, got: Detections, spec: DetectSpec) -> Comparison:
    """Meet each finding by one of the other side: same class, near box, near score.

    Findings whose score is so near the threshold that the tolerance bridges it may be missing or new.
    """
    near = (
        (iou_matrix(expected.boxes_xyxy, got.boxes_xyxy) >= spec.golden_min_iou)
        & (expected.class_ids[:, np.newaxis] == got.class_ids)
        & (np.abs(expected.scores[:, np.newaxis] - got.scores) <= spec.golden_max_score_difference)
    )
    return Comparison(
        findings=len(expected) + len(got),
        missing=int((_is_sure(expected, spec) & ~near.any(axis=1)).sum()),
        new=int((_is_sure(got, spec) & ~near.any(axis=0)).sum()),
    )


def _is_sure(found: Detections, spec: DetectSpec) -> Flags:
    return np.asarray(found.scores > spec.score_threshold + spec.golden_max_score_difference)
