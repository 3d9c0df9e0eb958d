"""Measures what a replay wrote: result lines against labelled pictures, met by the names of their files.

The device made the lines; nothing is run here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.errors import UsageError
from edgevision.ops.detections import Detections
from export.detect.metrics import DetectionMetrics, measure
from export.detect.run import figures_of, truth_of
from export.detect.sample import BoxSet

__all__ = ["ResultsEvaluation", "evaluate_results"]


@dataclass(frozen=True, slots=True, eq=False)
class ResultsEvaluation:
    """How good the findings in a file of results are on one set of pictures."""

    data: str
    pictures: int
    figures: dict[str, float]
    metrics: DetectionMetrics


def evaluate_results(file: Path, samples: BoxSet, threshold: float) -> ResultsEvaluation:
    """Compare the lines of a file with the pictures of a set; lines of other pictures are passed over.

    Args:
        file: What `edgevision replay --out` wrote.
        samples: The truth.
        threshold: From which score boxes count for the F-score.

    Raises:
        UsageError: the file holds no results, or none of some picture of the set.
    """
    lines = _lines(file)
    found, truths = [], []
    for sample in samples:
        line = lines.get(sample.name)
        if line is None:
            raise UsageError(
                f"{file}: expected a result of each picture of {samples.description}, got none of "
                f"{sample.name}; replay all of them"
            )
        found.append(_found(file, line, samples.labels))
        truths.append(truth_of(sample))
    return ResultsEvaluation(
        data=samples.description,
        pictures=len(samples),
        figures=figures_of(found, truths, samples.labels, threshold),
        metrics=measure(found, truths, samples.labels),
    )


def _lines(file: Path) -> dict[str, Mapping[str, Any]]:
    try:
        values = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]
        return {Path(value["file"]).stem: value for value in values}
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}; check the path") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{file}: expected results of a folder of pictures, one as JSON in each line, got: {error!r}"
        ) from error


def _found(file: Path, line: Mapping[str, Any], labels: Iterable[str]) -> Detections:
    ids = {label: class_id for class_id, label in enumerate(labels)}
    defects = line.get("defects", [])
    unknown = {defect["class"] for defect in defects} - set(ids)
    if unknown:
        raise UsageError(
            f"{file}: found {', '.join(sorted(unknown))}, which the pictures are not labelled with: "
            f"{', '.join(ids)}"
        )
    return Detections(
        np.array([defect["box_xyxy"] for defect in defects], np.float32).reshape(-1, 4),
        np.array([defect["score"] for defect in defects], np.float32),
        np.array([ids[defect["class"]] for defect in defects], np.int64),
    )
