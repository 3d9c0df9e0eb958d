"""Measures what a replay wrote: result lines against labelled pictures, met by the names of their files.

The device made the lines; nothing is run here.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from edgevision.errors import UsageError
from edgevision.ops.detections import Detections
from export.detect.metrics import DetectionMetrics, measure
from export.detect.run import figures_of, truth_of
from export.detect.sample import BoxSet

__all__ = ["ResultsEvaluation", "evaluate_results"]


class _Defect(BaseModel):
    label: str = Field(alias="class")
    score: FiniteFloat
    box_xyxy: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]


class _Line(BaseModel):
    """What is read of a result; everything else in it is passed over."""

    file: str
    defects: tuple[_Defect, ...] = ()


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
        UsageError: a line is no result, or a picture of the set has none or several.
    """
    lines = _lines(file, {sample.name for sample in samples})
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


def _lines(file: Path, names: Container[str]) -> dict[str, _Line]:
    """Return the lines of these pictures."""
    lines: dict[str, _Line] = {}
    numbers: dict[str, int] = {}
    for number, line in _read(file):
        name = Path(line.file).stem
        if name in lines:
            raise UsageError(
                f"{file}:{number}: expected one result of each picture, got {lines[name].file} in line "
                f"{numbers[name]} and {line.file} here; replay the pictures of one folder, once"
            )
        if name in names:
            lines[name], numbers[name] = line, number
    return lines


def _read(file: Path) -> Iterator[tuple[int, _Line]]:
    try:
        texts = file.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}; check the path") from error
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            yield number, _Line.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = "".join(f"{key}: " for key in first["loc"])
            raise UsageError(
                f"{file}:{number}: expected results of a folder of pictures, one as JSON in each line: "
                f"{place}{first['msg']}; write the file by edgevision replay --out"
            ) from error


def _found(file: Path, line: _Line, labels: Sequence[str]) -> Detections:
    unknown = {defect.label for defect in line.defects} - set(labels)
    if unknown:
        raise UsageError(
            f"{file}: found {', '.join(sorted(unknown))}, which the pictures are not labelled with: "
            f"{', '.join(labels)}"
        )
    return Detections(
        np.array([defect.box_xyxy for defect in line.defects], np.float32).reshape(-1, 4),
        np.array([defect.score for defect in line.defects], np.float32),
        np.array([labels.index(defect.label) for defect in line.defects], np.int64),
    )
