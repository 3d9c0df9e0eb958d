"""Turns a torch module into one self-contained ONNX file, and proves that both answer alike.

Knows nothing of how the module was trained; quantising is `export.quantize`.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from torch import nn

from edgevision.errors import BundleError, UsageError

__all__ = [
    "INPUT_NAME",
    "IR_VERSION",
    "MAX_DIFFERENCE",
    "OPSETS",
    "OUTPUT_NAME",
    "Converted",
    "convert",
    "sealed",
]

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
OPSETS = range(17, 21)
IR_VERSION = 10
"""The newest that ONNX Runtime 1.22, the oldest one supported, can load."""
MAX_DIFFERENCE = 1e-3
"""Largest difference of a value between torch and ONNX that is still rounding."""

_SHAPES = {2: "(1, values)", 3: "(1, priors, values)", 4: "(1, classes, H, W)"}
_EXPORTER = "torch.onnx._internal.exporter"

Batch = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A model that answers as the torch module does."""

    model: onnx.ModelProto
    max_abs_difference: float
    """Largest difference of a value on the samples."""
    samples: int


def convert(
    module: nn.Module,
    samples: Sequence[Batch],
    opset: int = 18,
    outputs: Sequence[str] = (OUTPUT_NAME,),
    axes: Sequence[int] | None = None,
) -> Converted:
    """Export a module with the fixed shape of the samples and compare both on all of them.

    Args:
        module: Takes (1, H, W, C) uint8; returns a float32 tensor, or a tuple of them.
        samples: Real inputs (1, H, W, C) uint8, at least one, all of one shape.
        opset: One of `OPSETS`.
        outputs: What to call what it returns.
        axes: How many axes each of them has; absent, as of a segment model or a detector.

    Raises:
        UsageError: the opset is outside `OPSETS`.
        BundleError: the module cannot be exported, or ONNX answers differently.
    """
    if opset not in OPSETS:
        raise UsageError(f"opset: expected {OPSETS[0]} to {OPSETS[-1]}, got {opset}")
    module = module.cpu().eval()
    axes = axes or ((4,) if len(outputs) == 1 else (3,) * len(outputs))
    expected = [_torch_answer(module, sample, axes) for sample in samples]
    model = sealed(_exported(module, samples[0], opset, outputs))
    session = _session(model)
    answers = [session.run(None, {INPUT_NAME: sample}) for sample in samples]
    difference = max(
        float(np.abs(a - b).max())
        for answer, wanted in zip(answers, expected, strict=True)
        for a, b in zip(answer, wanted, strict=True)
    )
    if not difference <= MAX_DIFFERENCE:
        raise BundleError(
            f"ONNX against torch: expected values within {MAX_DIFFERENCE:g}, got a difference of "
            f"{difference:.3g} on {len(samples)} samples; try another opset or a simpler layer"
        )
    return Converted(model, difference, len(samples))


def sealed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy without traces of where it was made, with the supported IR version, checked."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    model.ir_version = IR_VERSION
    for part in (model, model.graph):
        part.ClearField("doc_string")
    for item in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    for value in (*model.graph.input, *model.graph.output):
        value.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    onnx.checker.check_model(model, full_check=True)
    return model


def _torch_answer(
    module: nn.Module, sample: Batch, axes: Sequence[int]
) -> tuple[npt.NDArray[np.float32], ...]:
    with torch.inference_mode():
        answer = module(torch.from_numpy(np.ascontiguousarray(sample)))
    values = answer if isinstance(answer, tuple) else (answer,)
    if [value.ndim if _is_usable(value) else None for value in values] != list(axes):
        wanted = " and ".join(_SHAPES[count] for count in axes)
        got = " and ".join(_shown(value) for value in values)
        raise BundleError(
            f"the module's answer: expected {wanted} float32, got {got}; "
            "wrap the network in one of export.networks.deploy"
        )
    return tuple(np.asarray(value.numpy(), np.float32) for value in values)


def _is_usable(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype == torch.float32


def _shown(value: object) -> str:
    return f"{tuple(value.shape)} {value.dtype}" if isinstance(value, torch.Tensor) else str(type(value))


def _exported(module: nn.Module, sample: Batch, opset: int, outputs: Sequence[str]) -> onnx.ModelProto:
    example = (torch.from_numpy(np.ascontiguousarray(sample)),)
    try:
        with _quiet_exporter():
            program = torch.onnx.export(
                module,
                example,
                input_names=[INPUT_NAME],
                output_names=list(outputs),
                opset_version=opset,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except Exception as error:
        raise BundleError(f"torch cannot export the module to opset {opset}: {error}") from error
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence what the exporter says about itself: absent torchvision, its own deprecated calls."""
    logger = logging.getLogger(_EXPORTER)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)


def _session(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
