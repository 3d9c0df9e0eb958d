"""Puts what passed the gate into a bundle: both models, golden samples, model card, manifest.

The finished file is opened and run by the device's own loader before it gets its name.
"""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import (
    Accuracy,
    GoldenSample,
    InputSpec,
    Manifest,
    ModelFile,
    Precision,
)
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import BundleError
from export.cost import Cost, cost_of
from export.golden import GoldenAnswer
from export.modelcard import CARD_FILE, model_card
from export.runners import installed_engines
from export.verify import GateResult
from export.work import Facts, Work

__all__ = ["TOOLS", "golden_files", "write_packed"]

TOOLS = (
    "edgevision",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "opencv-python-headless",
    "openvino",
    "torch",
)
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
MIN_TOLERANCE = 0.005
MAX_TOLERANCE = 0.02
Files = dict[str, bytes]


def write_packed(
    out: Path, work: Work, result: GateResult, command: str, created: datetime | None = None
) -> None:
    """Write the bundle of a work folder whose gate passed.

    Args:
        out: The file; it appears whole or not at all.
        work: Holds both models and the facts.
        result: What the gate measured.
        command: What the user typed, for the manifest.
        created: Moment to write into the manifest; SOURCE_DATE_EPOCH or now when absent.

    Raises:
        BundleError: engines disagree too much about the golden samples, or do not load the bundle.
        OutputError: the file cannot be written.
    """
    facts, cost = work.read_facts(), cost_of(work.read_model("fp32"))
    files, golden = golden_files(result)
    models = {}
    for precision in PRECISIONS:
        model = work.read_model(precision)
        name = work.model_path(precision).name
        files[name] = work.model_path(precision).read_bytes()
        models[precision] = ModelFile(
            file=name, opset=_opset(model.opset_import), ir_version=model.ir_version
        )
    moment = (created or _now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = _fields(facts, result, cost) | {
        "created": moment,
        "command": command,
        "models": models,
        "golden": golden,
    }
    draft = Manifest.model_validate(fields | {"files": file_hashes(files)})
    files[CARD_FILE] = model_card(draft, facts, result).encode()
    manifest = Manifest.model_validate(fields | {"files": file_hashes(files)})
    _publish(out, manifest, files)


def _now() -> datetime:
    """Return the present, or what SOURCE_DATE_EPOCH says, as reproducible builds ask for it."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(given), UTC) if given.isdecimal() else datetime.now(UTC)


def golden_files(result: GateResult) -> tuple[Files, tuple[GoldenSample, ...]]:
    """Return the golden pictures and expected class maps as PNG files, and their manifest entries."""
    answers = {precision: result.of(precision).golden for precision in PRECISIONS}
    files: Files = {}
    samples = []
    for index, sample in enumerate(result.golden):
        image = f"golden/{index:02d}.png"
        files[image] = _png(_as_bgr(sample.batch[0], result.manifest.input))
        expected: dict[Precision, str] = {}
        for precision in PRECISIONS:
            expected[precision] = f"golden/{index:02d}.{precision}.png"
            files[expected[precision]] = _png(answers[precision][index].class_map)
        judgement = answers["fp32"][index].judgement
        samples.append(GoldenSample(image=image, expected=expected, judgement=judgement))
    return files, tuple(samples)


def _fields(facts: Facts, result: GateResult, cost: Cost) -> dict[str, object]:
    description, manifest = facts.description, result.manifest
    return {
        "name": description.name,
        "version": description.version,
        "task": "segment",
        "description": description.description,
        "input": manifest.input,
        "outputs": manifest.outputs,
        "labels": manifest.labels,
        "segment": manifest.segment,
        "quantization": facts.quantization,
        "golden_max_differing": _tolerance(result),
        "accuracy": _accuracy(result),
        "licence": description.licence,
        "provenance": description.provenance,
        "tools": _tools(),
        "parameters": cost.parameters,
        "gmac": round(cost.gmac, 4),
    }


def _accuracy(result: GateResult) -> tuple[Accuracy, ...]:
    fp32, int8 = result.of("fp32"), result.of("int8")
    return (
        Accuracy(
            split=result.materials.held_out_name,
            samples=len(result.materials.held_out),
            fp32=_rounded(fp32.figures),
            int8=_rounded(int8.figures | {"agreement_with_fp32": int8.agreement}),
        ),
    )


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in figures.items()}


def _tolerance(result: GateResult) -> float:
    """Return the share of differing pixels that golden samples allow: twice what engines here differ."""
    measured = max(
        _differing(one.golden, result.of(precision).golden)
        for precision in PRECISIONS
        for one in result.measured
        if one.runner.precision == precision
    )
    if 2 * measured > MAX_TOLERANCE:
        raise BundleError(
            f"golden samples: expected engines to agree on all but {MAX_TOLERANCE / 2:.1%} of the pixels, "
            f"got {measured:.2%} differing; the model is too uncertain to be checked on other machines"
        )
    return max(MIN_TOLERANCE, math.ceil(2000 * measured) / 1000)


def _differing(answers: Sequence[GoldenAnswer], expected: Sequence[GoldenAnswer]) -> float:
    pairs = zip(answers, expected, strict=True)
    return max(float(np.mean(a.class_map != b.class_map)) for a, b in pairs)


def _tools() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in TOOLS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _opset(imports: Sequence[object]) -> int:
    return next(int(item.version) for item in imports if item.domain in ("", "ai.onnx"))  # type: ignore[attr-defined]


def _as_bgr(picture: npt.NDArray[np.uint8], spec: InputSpec) -> npt.NDArray[np.uint8]:
    """Return the picture as a PNG file holds it, so that the device gets back the same input."""
    if spec.color == "RGB":
        return np.ascontiguousarray(picture[:, :, ::-1])
    return picture[:, :, 0] if spec.color == "GRAY" else picture


def _png(image: npt.NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", image)[1])


def _publish(out: Path, manifest: Manifest, files: Files) -> None:
    """Write under another name, let the device prove it on every engine here, then rename."""
    unproven = out.with_name(out.name + ".unproven")
    write_bundle(unproven, manifest, files)
    try:
        sealed = open_bundle(unproven)
        for engine in installed_engines():
            for precision in PRECISIONS:
                load_engine(sealed, EngineRequest(engine, precision)).close()
        unproven.replace(out)
    finally:
        unproven.unlink(missing_ok=True)
