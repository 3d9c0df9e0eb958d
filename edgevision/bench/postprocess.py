"""Times what a detector costs beside its model: from a raw answer to boxes without doubles.

The model's own answer to a golden picture is read with a score limit that leaves as many candidates
as the benchmark names, so that the figure does not depend on what the picture shows.
"""

import statistics
import time

import numpy as np

from edgevision.bundle.archive import Bundle
from edgevision.bundle.detector import Detector
from edgevision.bundle.golden import golden_batch
from edgevision.ports import Engine

__all__ = ["CANDIDATES", "PostProcessing"]

CANDIDATES = 200
_CALLS = 200


class PostProcessing:
    """Reads one answer again and again."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        """Ask a detect bundle's engine once; raises EngineError, or ManifestError for another task."""
        self._detector = Detector(bundle.manifest)
        self._answer = engine.infer(golden_batch(bundle, bundle.manifest.golden[0]))
        scores = self._detector.candidates(self._answer, 0.0).found.scores
        self._min_score = float(scores[:CANDIDATES].min(initial=1.0))
        self.candidates = int((scores >= np.float32(self._min_score)).sum())
        """How many there are: fewer where the model has fewer boxes, more where scores are equal."""

    def seconds(self) -> float:
        """Return the median of some readings."""
        return statistics.median(self._timed() for _ in range(_CALLS))

    def _timed(self) -> float:
        started_s = time.perf_counter()
        self._detector.find(self._answer, self._min_score)
        return time.perf_counter() - started_s
