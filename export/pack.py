"""Puts what passed the gate into a bundle: both models, golden samples, model card, manifest.

The finished file is opened and run by the device's own loader before it gets its name.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import (
    Accuracy,
    GoldenSample,
    Manifest,
    ModelFile,
    Precision,
)
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from export.cost import Cost, cost_of
from export.modelcard import CARD_FILE, model_card
from export.nms import finished_fields, with_suppression
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
Files = dict[str, bytes]


def write_packed(
    out: Path,
    work: Work,
    result: GateResult,
    command: str,
    *,
    created: datetime | None = None,
    suppression: bool = False,
) -> None:
    """Write the bundle of a work folder whose gate passed.

    Args:
        out: The file; it appears whole or not at all.
        work: Holds both models and the facts.
        result: What the gate measured.
        command: What the user typed, for the manifest.
        created: Moment to write into the manifest; SOURCE_DATE_EPOCH or now when absent.
        suppression: Put decoding and suppression of doubles into the graphs of a detector.

    Raises:
        UsageError: `suppression` is asked for, but the model is no raw SSD.
        BundleError: engines disagree too much about the golden samples, or do not load the bundle.
        OutputError: the file cannot be written.
    """
    facts, cost = work.read_facts(), cost_of(work.read_model("fp32"))
    files, golden = golden_files(result)
    models, entries = _models(work, result.subject.manifest, suppression=suppression)
    files |= models
    moment = (created or _now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = _fields(facts, result, cost) | {
        "created": moment,
        "command": command,
        "models": entries,
        "golden": golden,
    }
    if suppression:
        fields |= finished_fields(fields["detect"])
    draft = Manifest.model_validate(fields | {"files": file_hashes(files)})
    files[CARD_FILE] = model_card(draft, facts, result).encode()
    manifest = Manifest.model_validate(fields | {"files": file_hashes(files)})
    _publish(out, manifest, files)


def _models(work: Work, manifest: Manifest, *, suppression: bool) -> tuple[Files, dict[Precision, ModelFile]]:
    """Return the models as files, and their manifest entries."""
    files: Files = {}
    entries: dict[Precision, ModelFile] = {}
    for precision in PRECISIONS:
        model = work.read_model(precision)
        if suppression:
            model = with_suppression(model, manifest)
        name = work.model_path(precision).name
        files[name] = model.SerializeToString(deterministic=True)
        entries[precision] = ModelFile(
            file=name, opset=_opset(model.opset_import), ir_version=model.ir_version
        )
    return files, entries


def _now() -> datetime:
    """Return the present, or what SOURCE_DATE_EPOCH says, as reproducible builds ask for it."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(given), UTC) if given.isdecimal() else datetime.now(UTC)


def golden_files(result: GateResult) -> tuple[Files, tuple[GoldenSample, ...]]:
    """Return the golden pictures and expected answers as files, and their manifest entries."""
    answers = {precision: result.of(precision).golden for precision in PRECISIONS}
    files: Files = {}
    samples = []
    for index, sample in enumerate(result.golden):
        pictures = _pictures(sample.batch[0], result.subject.manifest)
        names = [f"golden/{index:02d}{kind}.png" for kind in ("", ".reference")][: len(pictures)]
        files |= {name: _png(picture) for name, picture in zip(names, pictures, strict=True)}
        expected: dict[Precision, str] = {}
        for precision in PRECISIONS:
            answer = answers[precision][index]
            expected[precision] = f"golden/{index:02d}.{precision}{answer.suffix}"
            files[expected[precision]] = answer.data
        samples.append(
            GoldenSample(
                image=names[0],
                reference=names[1] if len(names) > 1 else None,
                expected=expected,
                judgement=answers["fp32"][index].judgement,
            )
        )
    return files, tuple(samples)


def _fields(facts: Facts, result: GateResult, cost: Cost) -> dict[str, Any]:
    description, manifest = facts.description, result.subject.manifest
    return {
        "name": description.name,
        "version": description.version,
        "task": manifest.task,
        "description": description.description,
        "input": manifest.input,
        "outputs": manifest.outputs,
        "labels": manifest.labels,
        "segment": manifest.segment,
        "detect": manifest.detect,
        "embed": manifest.embed,
        "classify": manifest.classify,
        "quantization": facts.quantization,
        "accuracy": _accuracy(result),
        "licence": description.licence,
        "provenance": description.provenance,
        "tools": _tools(),
        "parameters": cost.parameters,
        "gmac": round(cost.gmac, 4),
    } | result.subject.golden_terms(_apart(result))


def _accuracy(result: GateResult) -> tuple[Accuracy, ...]:
    fp32, int8 = result.of("fp32"), result.of("int8")
    return (
        Accuracy(
            split=result.subject.held_out_name,
            samples=result.subject.pictures,
            fp32=_rounded(fp32.figures),
            int8=_rounded(int8.figures | {"agreement_with_fp32": int8.agreement}),
        ),
    )


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in figures.items()}


def _apart(result: GateResult) -> float:
    """Return how far the answers of engines here to a golden sample lie apart at most."""
    return max(
        result.subject.golden_apart(expected, got)
        for precision in PRECISIONS
        for one in result.measured
        if one.runner.precision == precision
        for expected, got in zip(result.of(precision).golden, one.golden, strict=True)
    )


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


def _pictures(planes: npt.NDArray[np.uint8], manifest: Manifest) -> list[npt.NDArray[np.uint8]]:
    """Return the picture, and the reference of a pair, as PNG files hold them.

    Of an input (H, W, C), so that the device gets back the same.
    """
    color = manifest.input.color
    colors = 1 if color == "GRAY" else 3
    parts = [planes[:, :, first : first + colors] for first in range(0, planes.shape[2], colors)]
    if color == "RGB":
        return [np.ascontiguousarray(part[:, :, ::-1]) for part in parts]
    return [np.ascontiguousarray(part[:, :, 0] if color == "GRAY" else part) for part in parts]


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
