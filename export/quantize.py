"""Makes the int8 twin of an ONNX model: static QDQ, U8S8, per channel, calibrated on real inputs.

What never becomes int8 says `export.floating`. Whether the result is good enough is decided by
`export.gate`; which layers to leave out by `export.sensitivity`.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from edgevision.errors import BundleError
from export.convert import sealed
from export.floating import kept_float

__all__ = ["SCHEMA", "Method", "Quantizer"]

SCHEMA = "edgevision.quantized/1"
Method = Literal["minmax", "percentile"]
Batch = npt.NDArray[np.uint8]

_METHODS = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}
_PERCENTILE = 99.99
_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Hands inputs to the calibrator, which asks for ranges so as to hold few activations at once."""

    def __init__(self, name: str, inputs: Sequence[Batch]) -> None:
        self._name, self._inputs = name, inputs
        self._next = iter(inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Hand out the inputs of this range next."""
        self._next = iter(self._inputs[start_index:end_index])

    def get_next(self) -> dict[str, Batch] | None:
        """Return the next input, or None at the end of the range."""
        batch = next(self._next, None)
        return None if batch is None else {self._name: batch}


class Quantizer:
    """Quantises one model, again and again with other exclusions; activations are measured once."""

    def __init__(
        self, model: onnx.ModelProto, inputs: Sequence[Batch], folder: Path, method: Method = "minmax"
    ) -> None:
        """Prepare a model.

        Args:
            model: One uint8 input (1, H, W, C), opset 17 or newer.
            inputs: What the device would feed to it, (1, H, W, C) uint8 each.
            folder: An empty folder for intermediate files, the caller's to remove.
            method: How activation ranges come from what is seen.

        Raises:
            BundleError: the quantiser cannot work with the model, or there are no inputs.
        """
        if not inputs:
            raise BundleError("calibration: expected at least one input, got none; name a folder of pictures")
        self.method: Method = method
        self.calibration_sha256 = _hash(inputs)
        self._reader = _Reader(model.graph.input[0].name, inputs)
        self._folder = folder
        self._prepared = folder / "prepared.onnx"
        source = folder / "source.onnx"
        onnx.save(model, source)
        try:
            quant_pre_process(source, self._prepared, skip_symbolic_shape=True)
        except Exception as error:
            raise BundleError(f"onnxruntime cannot prepare the model for quantising: {error}") from error
        self.prepared = onnx.load(self._prepared)
        self._kept_float = kept_float(self.prepared.graph)

    @property
    def weighted_nodes(self) -> tuple[str, ...]:
        """Names of the nodes that carry weights, in graph order: what can be excluded."""
        return tuple(node.name for node in self.prepared.graph.node if node.op_type in _WEIGHTED)

    def quantized(self, excluded_nodes: Iterable[str] = ()) -> onnx.ModelProto:
        """Return the int8 model with some nodes left in float. Raises BundleError."""
        excluded = sorted(set(excluded_nodes))
        target = self._folder / "int8.onnx"
        try:
            with _quiet_quantizer():
                quantize_static(
                    str(self._prepared),
                    str(target),
                    self._reader,
                    quant_format=QuantFormat.QDQ,
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    nodes_to_exclude=[*self._kept_float, *excluded],
                    calibrate_method=_METHODS[self.method],
                    extra_options={"CalibStridedMinMax": 1, "CalibPercentile": _PERCENTILE},
                    calibration_cache_path=self._folder / "ranges.json",
                )
        except Exception as error:
            raise BundleError(f"onnxruntime cannot quantise the model: {error}") from error
        return self._labelled(onnx.load(target), excluded)

    def _labelled(self, model: onnx.ModelProto, excluded: list[str]) -> onnx.ModelProto:
        onnx.helper.set_model_props(
            model,
            {
                "edgevision.schema": SCHEMA,
                "edgevision.quantization": f"QDQ U8S8 per channel, {self.method}",
                "edgevision.calibration_sha256": self.calibration_sha256,
                "edgevision.excluded_nodes": json.dumps(excluded),
            },
        )
        return sealed(model)


def _hash(inputs: Sequence[Batch]) -> str:
    digest = hashlib.sha256()
    for batch in inputs:
        digest.update(str(batch.shape).encode())
        digest.update(np.ascontiguousarray(batch).tobytes())
    return digest.hexdigest()


@contextmanager
def _quiet_quantizer() -> Iterator[None]:
    """Silence the quantiser: it prints its progress, and advice about other machines to the root logger."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logger.setLevel(level)
