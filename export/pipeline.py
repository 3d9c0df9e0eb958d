"""The steps from a trained model to a bundle that may ship, each from and to a work folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from torch import nn

from edgevision.bundle.manifest import Quantization
from edgevision.engines.machine import available_threads
from edgevision.errors import BundleError, UsageError
from export.adopt import adopt, read_onnx
from export.convert import convert
from export.description import Description
from export.detect.subject import DetectSubject
from export.gate_report import write_gate_report
from export.pack import write_packed
from export.quantize import Method, Quantizer
from export.runners import load_runner
from export.sensitivity import exclusions, rank_parts
from export.sources import TorchSource
from export.subject import Subject
from export.verify import GateResult, Verification
from export.work import Facts, Work

__all__ = ["Step", "adopt_onnx", "bundle", "convert_torch", "quantize", "verify"]

PARITY_INPUTS = 16
CALIBRATION_INPUTS = 128
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What all steps need."""

    work: Work
    subject: Subject
    say: Say

    @property
    def verification(self) -> Verification:
        """Return a new gate around the fp32 model of the work folder."""
        return Verification(self.subject, self.work.read_model("fp32"), available_threads())


def convert_torch(source: TorchSource, opset: int, subject: Subject, work: Work) -> Facts:
    """Export a torch model to the work folder, compared with torch on real inputs.

    Raises:
        BundleError: it cannot be exported, or ONNX answers differently.
    """
    names = [output.name for output in subject.manifest.outputs]
    axes = {"segment": (4,), "embed": (2,), "classify": (2, 4)}.get(subject.manifest.task, (3,) * len(names))
    converted = convert(source.module, subject.inputs(PARITY_INPUTS), opset, names, axes)
    facts = Facts(
        description=source.description,
        given=source.given,
        source=source.name,
        training=source.training,
        training_minutes=source.minutes,
        max_abs_difference=converted.max_abs_difference,
        compared_inputs=converted.samples,
    )
    work.write_model("fp32", converted.model)
    work.write_facts(facts)
    return facts


def adopt_onnx(file: Path, description: Description, work: Work) -> Facts:
    """Bring a foreign ONNX model to the work folder, with bytes as input. Raises ManifestError."""
    if not description.labels and description.embed is None:
        raise UsageError(f"{file}: expected labels in the description, got none; list them")
    work.write_model("fp32", adopt(read_onnx(file), description))
    facts = Facts(description=description, given=description, source=file.name)
    work.write_facts(facts)
    return facts


def quantize(step: Step, method: Method = "minmax") -> bool:
    """Make the int8 model; leave the layers at fault in float until the gate passes.

    Returns:
        Whether it passed. The model that is left behind is the last one tried.

    Raises:
        BundleError: the quantiser cannot work with the model.
    """
    step = _settled(step)
    facts, model, verification = step.work.read_facts(), step.work.read_model("fp32"), step.verification
    inputs = step.subject.calibration_inputs(CALIBRATION_INPUTS)
    step.say(f"calibrating with {len(inputs)} inputs of {step.subject.calibration_name}")
    with TemporaryDirectory(prefix="edgevision-quantize-") as folder:
        quantizer = Quantizer(model, inputs, Path(folder), method)
        int8, excluded, passed = _search(quantizer, verification, step.say)
    quantization = Quantization(
        method=f"static QDQ U8S8 per channel, {method}",
        calibration=(
            f"{len(inputs)} inputs of {step.subject.calibration_name}, sha256 {quantizer.calibration_sha256}"
        ),
        excluded_nodes=excluded,
    )
    step.work.write_model("int8", int8)
    step.work.write_facts(facts.model_copy(update={"quantization": quantization}))
    return passed


def _settled(step: Step) -> Step:
    """Choose from which score boxes of a detector count, where its user leaves that open."""
    facts, subject = step.work.read_facts(), step.subject
    if not isinstance(subject, DetectSubject) or not subject.has_truth or facts.description.detect is None:
        return step
    if facts.given.detect is not None and facts.given.detect.score_threshold is not None:
        return step
    model = step.work.read_model("fp32").SerializeToString()
    runner = load_runner(subject.manifest, model, "onnxruntime", "fp32", available_threads())
    try:
        score = subject.best_threshold(runner.engine)
    finally:
        runner.engine.close()
    step.say(f"boxes count from score {score:g}: the highest F-score on {subject.held_out_name}")
    detect = facts.description.detect.model_copy(update={"score_threshold": score})
    described = facts.description.model_copy(update={"detect": detect})
    step.work.write_facts(facts.model_copy(update={"description": described}))
    return Step(step.work, subject.with_threshold(score), step.say)


def _search(
    quantizer: Quantizer, verification: Verification, say: Say
) -> tuple[onnx.ModelProto, tuple[str, ...], bool]:
    int8 = quantizer.quantized()
    refusals = verification.refusals(int8)
    if not refusals:
        return int8, (), True
    excluded: tuple[str, ...] = ()
    _tell(say, "int8 throughout", refusals)
    ranked = rank_parts(quantizer, verification.output_error)
    for excluded in exclusions(ranked):
        int8 = quantizer.quantized(excluded)
        refusals = verification.refusals(int8)
        if not refusals:
            say(f"passes with {', '.join(excluded)} in float")
            return int8, excluded, True
        _tell(say, f"{len(excluded)} nodes in float", refusals)
    return int8, excluded, False


def _tell(say: Say, what: str, refusals: tuple[str, ...]) -> None:
    say(f"{what}: refused: {refusals[0]}" + (f" (and {len(refusals) - 1} more)" if len(refusals) > 1 else ""))


def verify(step: Step, module: nn.Module | None = None) -> GateResult:
    """Run the gate and write its report to the work folder, whether it passes or not."""
    result = step.verification.result(step.work.read_model("int8"), module)
    write_gate_report(step.work, result)
    return result


def bundle(
    step: Step, out: Path, command: str, module: nn.Module | None = None, *, suppression: bool = False
) -> GateResult:
    """Run the gate and, when it passes, write the bundle.

    Raises:
        UsageError: `suppression` is asked for, but the model is no raw SSD.
        BundleError: the gate refuses; its report lies in the work folder.
        OutputError: the file cannot be written.
    """
    result = verify(step, module)
    if not result.passed:
        reasons = "\n".join(f"  {reason}" for reason in result.refusals)
        raise BundleError(
            f"{out.name}: refused by the gate; see {step.work.folder / 'gate.html'}:\n{reasons}"
        )
    write_packed(out, step.work, result, command, suppression=suppression)
    return result
