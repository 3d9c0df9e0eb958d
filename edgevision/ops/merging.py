"""Lets the boxes that agree about one thing decide together where it is and how sure that is. Pure numpy.

A detector looks at each thing through many priors. Suppressing doubles keeps the one box that is surest of
itself; what the others say of the same thing makes box and score steadier (S. Gidaris, N. Komodakis:
"Object detection via a multi-region and semantic segmentation-aware CNN model", ICCV 2015, box voting).
"""

from typing import Final

import numpy as np

from edgevision.ops.boxes import iou_matrix
from edgevision.ops.detections import Detections

__all__ = ["VOTES_FROM", "exclude", "merge"]

VOTES_FROM: Final = 0.1
"""Boxes of lower scores have no vote."""

_AGREE_IOU = 0.6
_TINY = np.float32(1e-9)


def merge(kept: Detections, voters: Detections, votes: int) -> Detections:
    """Give each finding the mean of the best boxes of its class that agree with it.

    A box that is surer than a finding belongs to a better one and has no vote, so no score rises.

    Args:
        kept: Without doubles.
        voters: All boxes, those of `kept` too, by falling score.
        votes: How many boxes make up a finding: its score is the mean of so many, with 0 for those
            that are lacking, and its box their mean weighted by their scores.

    Returns:
        As many findings, by falling score.
    """
    same_class = kept.class_ids[:, np.newaxis] == voters.class_ids
    agree = same_class & (iou_matrix(kept.boxes_xyxy, voters.boxes_xyxy) >= _AGREE_IOU)
    agree &= voters.scores <= kept.scores[:, np.newaxis]
    counted = agree & (np.cumsum(agree, axis=1) <= votes)
    weights = np.where(counted, voters.scores, np.float32(0))
    total = weights.sum(axis=1)
    boxes = weights @ voters.boxes_xyxy / np.maximum(total, _TINY)[:, np.newaxis]
    return _ranked(Detections(boxes, total / np.float32(votes), kept.class_ids, kept.landmarks_xy))


def exclude(found: Detections, iou_threshold: float) -> Detections:
    """Let one place show one class: what a better finding of another class leaves is all a score may keep.

    Args:
        found: Without doubles, by falling score.
        iou_threshold: Findings that share more than this show one place.

    Returns:
        As many findings, by falling score: each score times 1 less the best one at its place.
    """
    other_class = found.class_ids[:, np.newaxis] != found.class_ids
    one_place = iou_matrix(found.boxes_xyxy, found.boxes_xyxy) > iou_threshold
    better = np.triu(other_class & one_place, 1)
    taken = np.where(better, found.scores[:, np.newaxis], np.float32(0)).max(axis=0, initial=0)
    scores = (found.scores * (1 - taken)).astype(np.float32)
    return _ranked(Detections(found.boxes_xyxy, scores, found.class_ids, found.landmarks_xy))


def _ranked(found: Detections) -> Detections:
    return found[np.argsort(-found.scores, kind="stable")]
