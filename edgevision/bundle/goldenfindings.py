"""What a detect model found in a golden sample, as JSON inside the bundle. Pure format."""

from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from edgevision.bundle.part import Fraction, Part
from edgevision.config.problems import key_path
from edgevision.errors import ManifestError
from edgevision.ops.detections import Detections

__all__ = ["read_findings", "write_findings"]


class _Finding(Part):
    label: Annotated[str, Field(alias="class")]
    score: Fraction
    box_xyxy: tuple[float, float, float, float]
    """In pixels of the model's input."""


_FINDINGS = TypeAdapter(tuple[_Finding, ...])
_FAULTS = 3


def write_findings(found: Detections, labels: tuple[str, ...]) -> bytes:
    """Return findings, boxes in pixels of the model's input, as JSON."""
    entries = tuple(
        _Finding(
            **{"class": labels[class_id]},
            score=round(min(max(score, 0.0), 1.0), 4),
            box_xyxy=tuple(round(edge, 2) for edge in box),
        )
        for box, score, class_id in zip(
            found.boxes_xyxy.tolist(), found.scores.tolist(), found.class_ids.tolist(), strict=True
        )
    )
    return _FINDINGS.dump_json(entries, by_alias=True, indent=1) + b"\n"


def read_findings(data: bytes, labels: tuple[str, ...], source: str) -> Detections:
    """Return the findings; `source` names the file in errors. Raises ManifestError."""
    try:
        entries = _FINDINGS.validate_json(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{key_path(fault['loc'])}: {fault['msg']}".removeprefix(": ")
            for fault in error.errors(include_url=False)[:_FAULTS]
        )
        raise ManifestError(
            f"{source}: expected findings as JSON: {faults}; build the bundle again"
        ) from error
    unknown = {entry.label for entry in entries} - set(labels)
    if unknown:
        raise ManifestError(
            f"{source}: not among the labels: {', '.join(sorted(unknown))}; build the bundle again"
        )
    return Detections(
        np.array([entry.box_xyxy for entry in entries], np.float32).reshape(-1, 4),
        np.array([entry.score for entry in entries], np.float32),
        np.array([labels.index(entry.label) for entry in entries], np.int64),
    )
