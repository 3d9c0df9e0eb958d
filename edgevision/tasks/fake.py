"""A task with a scripted answer: for tests of whatever runs tasks."""

from collections.abc import Callable, Sequence

from edgevision.types import Defect, Findings, Frame, ModelRef

__all__ = ["FakeTask"]


class FakeTask:
    """Reports `find(frame)`; a failing task is a function that raises."""

    def __init__(self, find: Callable[[Frame], Sequence[Defect]], name: str = "fake") -> None:
        """Take a function that is safe in many threads."""
        self._find, self._name = find, name
        self._model = ModelRef(name, "fake", "0.0.0", "0" * 64, "fp32", "fake", "cpu")

    @property
    def name(self) -> str:
        """Name of the step."""
        return self._name

    @property
    def model(self) -> ModelRef:
        """A made-up bundle."""
        return self._model

    def run(self, frame: Frame) -> Findings:
        """Return what the function finds; what it raises passes through."""
        defects = tuple(self._find(frame))
        score_max = max((defect.score for defect in defects), default=0.0)
        return Findings(self._name, defects, score_max=score_max)
