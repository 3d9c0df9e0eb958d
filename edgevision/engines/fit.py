"""Compares what a model takes and gives with what its manifest says. Pure; knows no engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest, OutputSpec
from edgevision.errors import EngineError, ManifestError
from edgevision.ops.decoders.yunet import STRIDES
from edgevision.ports import Tensor

__all__ = ["Port", "check_answer", "check_batch", "check_ports", "input_shape"]

_REMEDY = "correct the manifest or export the model again"
Dims = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output as the engine reports it; None is a dimension the model leaves open."""

    dtype: str
    shape: Dims


def input_shape(manifest: Manifest) -> tuple[int, int, int, int]:
    """Return (1, H, W, C) of the model's input."""
    width, height = manifest.input.size_wh
    pictures = 2 if manifest.detect is not None and manifest.detect.inputs == "pair" else 1
    return 1, height, width, pictures * (1 if manifest.input.color == "GRAY" else 3)


def check_ports(manifest: Manifest, inputs: Mapping[str, Port], outputs: Mapping[str, Port]) -> None:
    """Raise ManifestError unless the model's declared inputs and outputs fit the manifest."""
    spec = manifest.input
    if set(inputs) != {spec.name}:
        raise ManifestError(
            f"{manifest.name}: model inputs: expected {spec.name}, got {', '.join(sorted(inputs))}; {_REMEDY}"
        )
    _require(manifest, f"input {spec.name}", Port("uint8", input_shape(manifest)), inputs[spec.name])
    for index, output in enumerate(manifest.outputs):
        if output.name not in outputs:
            raise ManifestError(
                f"{manifest.name}: model outputs: expected {output.name}, "
                f"got {', '.join(sorted(outputs))}; {_REMEDY}"
            )
        _check_output(manifest, index, outputs[output.name])


def check_answer(manifest: Manifest, answer: Sequence[Tensor]) -> None:
    """Raise ManifestError unless the arrays a model really gave fit the manifest."""
    for index, tensor in enumerate(answer):
        _check_output(manifest, index, Port(str(tensor.dtype), tensor.shape))
    joins_rows = manifest.detect is not None and manifest.detect.decoder != "yunet"
    if joins_rows and len({tensor.shape[1] for tensor in answer}) > 1:
        shapes = " and ".join(str(tensor.shape) for tensor in answer)
        raise ManifestError(
            f"{manifest.name}: model outputs: expected a row of scores for each box, got {shapes}; {_REMEDY}"
        )


def check_batch(batch_nhwc: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> None:
    """Raise EngineError unless a batch is what the model takes; some engines would cast it silently."""
    if batch_nhwc.dtype != np.uint8 or batch_nhwc.shape != shape:
        raise EngineError(
            f"model input: expected {shape} uint8, got {batch_nhwc.shape} {batch_nhwc.dtype}; "
            "resize to the bundle's input"
        )


def _check_output(manifest: Manifest, index: int, port: Port) -> None:
    output = manifest.outputs[index]
    shape = _output_shape(manifest, index, port)
    _require(manifest, f"output {output.name}", Port("float32", shape), port)


def _output_shape(manifest: Manifest, index: int, port: Port) -> Dims:
    match manifest.task:
        case "segment":
            return _segment_shape(manifest, manifest.outputs[index], port)
        case "detect":
            return _detect_shape(manifest, index)
        case "embed":
            return 1, manifest.require_embed().dimensions
        case "classify":
            return (1, len(manifest.labels)) if index == 0 else (1, len(manifest.labels), None, None)


def _segment_shape(manifest: Manifest, output: OutputSpec, port: Port) -> Dims:
    width, height = manifest.input.size_wh
    channels = len(manifest.labels)
    if channels == 2 and len(port.shape) == 4 and port.shape[_channel_axis(output)] == 1:
        channels = 1
    return (1, channels, height, width) if output.layout == "NCHW" else (1, height, width, channels)


def _detect_shape(manifest: Manifest, index: int) -> Dims:
    """Return the shape as of `bundle.detectspec`; how many boxes there are only priors tell."""
    spec, classes = manifest.require_detect(), len(manifest.labels)
    match spec.decoder:
        case "yolov5":
            return 1, None, 5 + classes
        case "yolov8":
            return 1, 4 + classes, None
        case "yunet":
            (width, height), stride = manifest.input.size_wh, STRIDES[index % 3]
            return 1, (width // stride) * (height // stride), (1, 1, 4, 10)[index // 3]
        case "ssd" | "ssd-decoded":
            return 1, spec.prior_count or None, 4 if index == 0 else classes + spec.background


def _channel_axis(output: OutputSpec) -> int:
    return 1 if output.layout == "NCHW" else 3


def _require(manifest: Manifest, what: str, expected: Port, got: Port) -> None:
    same_rank = len(expected.shape) == len(got.shape)
    fits = same_rank and all(
        None in (found, wanted) or found == wanted
        for wanted, found in zip(expected.shape, got.shape, strict=True)
    )
    if not fits or expected.dtype != got.dtype:
        raise ManifestError(
            f"{manifest.name}: model {what}: expected {_shown(expected)}, got {_shown(got)}; {_REMEDY}"
        )


def _shown(port: Port) -> str:
    dims = ", ".join("?" if dim is None else str(dim) for dim in port.shape)
    return f"({dims}) {port.dtype}"
