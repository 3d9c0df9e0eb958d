"""Runs the gate on converted models: which runners there are, how fast each is, and the decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import onnx
from torch import nn

from edgevision.bundle.manifest import Precision
from edgevision.engines.measure import median_ms
from export.gate import Flip, Gate, Measured
from export.runners import Runner, installed_engines, load_runner, torch_runner
from export.subject import GoldenInput, Subject

__all__ = ["GateResult", "Verification"]

_SPEED_BUDGET_S = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class GateResult:
    """Everything the gate found out."""

    subject: Subject
    measured: tuple[Measured, ...]
    """fp32 on ONNX Runtime, to which all others are compared, comes first."""
    golden: tuple[GoldenInput, ...]
    flips: tuple[Flip, ...]
    refusals: tuple[str, ...]
    speed_ms: dict[str, float]
    """Median time of one inference by runner."""

    @property
    def passed(self) -> bool:
        """True when the models may ship."""
        return not self.refusals

    def of(self, precision: Precision) -> Measured:
        """Return the measurement on ONNX Runtime."""
        return next(m for m in self.measured if m.runner.name == f"{precision} onnxruntime")

    @property
    def slow_int8(self) -> tuple[str, ...]:
        """Return the engines on which int8 is not faster than fp32."""
        times = {tuple(name.split(" ", 1)): value for name, value in self.speed_ms.items()}
        return tuple(
            engine
            for precision, engine in times
            if precision == "int8" and times["int8", engine] >= times["fp32", engine]
        )


class Verification:
    """The gate for one fp32 model; int8 models can be tried one after the other."""

    def __init__(self, subject: Subject, model: onnx.ModelProto, threads: int = 1) -> None:
        """Run the fp32 model on ONNX Runtime over all held-out pictures.

        Raises:
            ManifestError: the model does not fit its description.
            BundleError: there are too few pictures.
        """
        self.subject = subject
        self._model, self._threads = model, threads
        self._reference = self._load(model, "fp32")[0]
        self.gate = Gate(subject, self._reference)

    def output_error(self, int8: onnx.ModelProto) -> float:
        """Return how far an int8 model's answers are from the fp32 model's, on average."""
        runner = load_runner(
            self.subject.manifest, int8.SerializeToString(), "onnxruntime", "int8", self._threads
        )
        try:
            return self.gate.output_error(runner)
        finally:
            runner.engine.close()

    def refusals(self, int8: onnx.ModelProto) -> tuple[str, ...]:
        """Return why an int8 model may not ship, on any engine installed here."""
        runners = self._load(int8, "int8")
        try:
            return self.gate.refusals(self.gate.measure(runner) for runner in runners)
        finally:
            _close(runners)

    def result(self, int8: onnx.ModelProto, module: nn.Module | None = None) -> GateResult:
        """Measure everything: torch where it is given, fp32 and int8 on every installed engine."""
        others = [*self._load(self._model, "fp32")[1:], *self._load(int8, "int8")]
        try:
            candidates = [self.gate.measure(runner) for runner in others]
            torch_too = [] if module is None else [self.gate.measure(torch_runner(module))]
            measured = (self.gate.reference, *torch_too, *candidates)
            return GateResult(
                subject=self.subject,
                measured=measured,
                golden=self.gate.golden,
                flips=tuple(flip for one in measured for flip in self.gate.flips(one)),
                refusals=self.gate.refusals([*torch_too, *candidates]),
                speed_ms=self._speeds([self._reference, *others]),
            )
        finally:
            _close(others)

    def _load(self, model: onnx.ModelProto, precision: Precision) -> list[Runner]:
        data = model.SerializeToString()
        return [
            load_runner(self.subject.manifest, data, engine, precision, self._threads)
            for engine in installed_engines()
        ]

    def _speeds(self, runners: Sequence[Runner]) -> dict[str, float]:
        batch = self.gate.inputs[0]
        times = median_ms([partial(runner.engine.infer, batch) for runner in runners], _SPEED_BUDGET_S)
        return {runner.name: time_ms for runner, time_ms in zip(runners, times, strict=True)}


def _close(runners: Sequence[Runner]) -> None:
    for runner in runners:
        runner.engine.close()
