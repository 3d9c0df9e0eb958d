"""Runs the golden samples of a bundle and says whether an engine reproduces them.

An answer becomes a class map, findings, an embedding or probabilities by the functions that the
tasks use.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.archive import Bundle
from edgevision.bundle.detector import Detector
from edgevision.bundle.goldendetect import compare_findings
from edgevision.bundle.goldenfindings import read_findings
from edgevision.bundle.goldennumbers import read_numbers
from edgevision.bundle.manifest import GoldenSample, Precision
from edgevision.errors import GoldenMismatch, ManifestError
from edgevision.ops.classes import class_probabilities
from edgevision.ops.embed import normalised
from edgevision.ops.image import model_batch
from edgevision.ops.masks import class_map, components, probabilities
from edgevision.ports import Tensor

__all__ = ["GoldenReport", "GoldenResult", "check_golden", "golden_batch"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
Infer = Callable[[npt.NDArray[np.uint8]], tuple[Tensor, ...]]


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How one sample came out."""

    image: str
    differing: float
    """Share of pixels whose class differs from the expected one; for detect models, of findings. For
    embed models, what the cosine lacks of 1; for classify models, the largest difference."""
    judgement: str | None = None
    expected_judgement: str | None = None
    problem: str = ""
    """What differs by more than the bundle allows, in words."""


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """All samples of a bundle, on one engine, within the bundle's tolerance."""

    precision: Precision
    results: tuple[GoldenResult, ...]

    @property
    def differing_max(self) -> float:
        """Return the largest difference, in the measure of the model's task."""
        return max(result.differing for result in self.results)


def check_golden(bundle: Bundle, precision: Precision, infer: Infer) -> GoldenReport:
    """Run every golden sample through `infer`.

    Args:
        bundle: The bundle that the engine loaded.
        precision: Which of its ONNX files runs.
        infer: Takes (1, H, W, C) uint8, returns the outputs in the order of the manifest.

    Raises:
        GoldenMismatch: more than allowed differs, or a judgement does.
        ManifestError: a golden sample cannot be used.
    """
    run = {
        "segment": _run_segment,
        "detect": _run_detect,
        "embed": _run_embed,
        "classify": _run_classify,
    }[bundle.manifest.task]
    results = tuple(run(bundle, sample, precision, infer) for sample in bundle.manifest.golden)
    for result in results:
        _require(bundle, precision, result)
    return GoldenReport(precision, results)


def golden_batch(bundle: Bundle, sample: GoldenSample) -> npt.NDArray[np.uint8]:
    """Return the pictures of a sample as (1, H, W, C) uint8 in the model's colour order."""
    names = [sample.image, sample.reference] if sample.reference else [sample.image]
    pictures = [_decode(bundle, name, cv2.IMREAD_COLOR) for name in names]
    return model_batch(pictures, bundle.manifest.input.color)


def _run_segment(bundle: Bundle, sample: GoldenSample, precision: Precision, infer: Infer) -> GoldenResult:
    manifest, segment = bundle.manifest, bundle.manifest.require_segment()
    expected = _decode(bundle, sample.expected[precision], cv2.IMREAD_UNCHANGED)
    if expected.ndim != 2:
        raise ManifestError(
            f"{bundle.source}: {sample.expected[precision]}: expected one channel of class ids, "
            f"got {expected.shape[2]}; build the bundle again"
        )
    outputs = infer(golden_batch(bundle, sample))
    spec = manifest.outputs[0]
    planes = probabilities(outputs[0], spec.layout, spec.activation)
    got = class_map(planes, segment.pixel_threshold)
    differing, allowed = float(np.mean(got != expected)), manifest.golden_max_differing
    scores = np.ones(got.shape, np.float32)
    judgement = "NG" if components(got, scores, segment.min_area_px) else "OK"
    problem = f"expected at most {allowed:.2%} of the pixels to differ, got {differing:.2%}"
    return GoldenResult(
        sample.image, differing, judgement, sample.judgement, problem if differing > allowed else ""
    )


def _run_detect(bundle: Bundle, sample: GoldenSample, precision: Precision, infer: Infer) -> GoldenResult:
    manifest, detect = bundle.manifest, bundle.manifest.require_detect()
    name = sample.expected[precision]
    expected = read_findings(bundle.read(name), manifest.labels, f"{bundle.source}: {name}")
    answer = infer(golden_batch(bundle, sample))
    got = Detector(manifest).find(answer, detect.score_threshold).found
    compared = compare_findings(expected, got, detect)
    problem = f"{compared.missing} of {len(expected)} findings missing, {compared.new} of {len(got)} new"
    judgement = "NG" if len(got) else "OK"
    differs = compared.missing or compared.new
    return GoldenResult(
        sample.image, compared.differing, judgement, sample.judgement, problem if differs else ""
    )


def _run_embed(bundle: Bundle, sample: GoldenSample, precision: Precision, infer: Infer) -> GoldenResult:
    spec = bundle.manifest.require_embed()
    expected = _numbers(bundle, sample.expected[precision], spec.dimensions)
    got = normalised(infer(golden_batch(bundle, sample))[0][0])
    cosine = float(normalised(expected) @ got)
    problem = f"expected an embedding with a cosine of at least {spec.golden_min_cosine:g}, got {cosine:.4f}"
    return GoldenResult(
        sample.image, max(1 - cosine, 0.0), problem="" if cosine >= spec.golden_min_cosine else problem
    )


def _run_classify(bundle: Bundle, sample: GoldenSample, precision: Precision, infer: Infer) -> GoldenResult:
    spec = bundle.manifest.require_classify()
    expected = _numbers(bundle, sample.expected[precision], len(bundle.manifest.labels))
    got = class_probabilities(infer(golden_batch(bundle, sample))[0][0], spec.temperature)
    differing, allowed = float(np.abs(got - expected).max()), spec.golden_max_difference
    problem = f"expected probabilities within {allowed:g}, got one that differs by {differing:.4f}"
    return GoldenResult(sample.image, differing, problem="" if differing <= allowed else problem)


def _numbers(bundle: Bundle, name: str, count: int) -> npt.NDArray[np.float32]:
    return read_numbers(bundle.read(name), count, f"{bundle.source}: {name}")


def _require(bundle: Bundle, precision: Precision, result: GoldenResult) -> None:
    where = f"{bundle.source}: golden sample {result.image} in {precision}"
    remedy = "choose another engine or precision, or build the bundle again"
    if result.problem:
        raise GoldenMismatch(f"{where}: {result.problem}; {remedy}")
    if result.judgement != result.expected_judgement:
        raise GoldenMismatch(
            f"{where}: expected {result.expected_judgement}, got {result.judgement}; {remedy}"
        )


def _decode(bundle: Bundle, name: str, flags: int) -> npt.NDArray[np.uint8]:
    data = bundle.read(name)
    size_wh = bundle.manifest.input.size_wh
    _check_png_size(f"{bundle.source}: {name}", data, size_wh)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ManifestError(f"{bundle.source}: {name}: cannot decode the PNG ({error})") from error
    if image is None or image.dtype != np.uint8:
        raise ManifestError(f"{bundle.source}: {name}: expected an 8-bit PNG; build the bundle again")
    return np.asarray(image, np.uint8)


def _check_png_size(where: str, data: bytes, size_wh: tuple[int, int]) -> None:
    """Compare the size in the header before anything is allocated for the pixels."""
    if len(data) < 24 or not data.startswith(_PNG_SIGNATURE):
        raise ManifestError(f"{where}: expected a PNG, got something else; build the bundle again")
    got = struct.unpack(">II", data[16:24])
    if got != size_wh:
        raise ManifestError(
            f"{where}: expected {size_wh[0]} x {size_wh[1]} pixels, got {got[0]} x {got[1]}; "
            "build the bundle again"
        )
