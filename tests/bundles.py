"""Makes small real bundles for the tests: an ONNX model that tells colours apart, with golden samples.

Class 1 is what is dark, class 2 what is red, class 3 what is green, class 4 what is blue; the
rest is background. The int8 file is the same model with QuantizeLinear / DequantizeLinear pairs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle

__all__ = [
    "bundle_parts",
    "dark_part",
    "golden_files",
    "make_bundle",
    "make_onnx",
    "manifest_fields",
]

OPSET = 17
IR_VERSION = 8
Activation = Literal["none", "softmax"]

# One row per class: weights of R, G, B in 0..1 and a bias; the largest logit wins.
_COLOURS = np.array(
    [[0, 0, 0, 0], [-8, -8, -8, 8], [20, -20, -20, -6], [-20, 20, -20, -6], [-20, -20, 20, -6]],
    np.float32,
)


def make_bundle(
    path: Path,
    *,
    size_wh: tuple[int, int] = (64, 64),
    labels: tuple[str, ...] = ("background", "crack"),
    activation: Activation = "none",
    precisions: Sequence[str] = ("fp32", "int8"),
    **manifest_changes: Any,
) -> Path:
    """Write a bundle to `path` (a .zip) and return it; `manifest_changes` replace manifest fields."""
    fields, files = bundle_parts(size_wh, labels, activation, precisions)
    write_bundle(path, Manifest.model_validate(fields | manifest_changes), files)
    return path


def bundle_parts(
    size_wh: tuple[int, int] = (64, 64),
    labels: tuple[str, ...] = ("background", "crack"),
    activation: Activation = "none",
    precisions: Sequence[str] = ("fp32", "int8"),
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest's fields and the files of a bundle."""
    files = {
        f"model.{precision}.onnx": make_onnx(size_wh, len(labels), activation, quantized=precision == "int8")
        for precision in precisions
    }
    files |= golden_files(size_wh)
    return manifest_fields(size_wh, labels, activation, precisions, files), files


def dark_part(size_wh: tuple[int, int], *, defective: bool) -> npt.NDArray[np.uint8]:
    """Return an (H, W, 3) bright picture, with a dark bar over a sixteenth of it when defective."""
    width, height = size_wh
    picture = np.full((height, width, 3), 200, np.uint8)
    if defective:
        picture[height // 4 : height // 2, width // 4 : width // 2] = 20
    return picture


def golden_files(size_wh: tuple[int, int]) -> dict[str, bytes]:
    """Return the pictures and the expected class maps of an OK and an NG part."""
    files = {}
    for name, defective in (("ok", False), ("ng", True)):
        picture = dark_part(size_wh, defective=defective)
        files[f"golden/{name}.png"] = _png(picture)
        files[f"golden/{name}.map.png"] = _png((picture[:, :, 0] < 100).astype(np.uint8))
    return files


def manifest_fields(
    size_wh: tuple[int, int],
    labels: tuple[str, ...],
    activation: Activation,
    precisions: Sequence[str],
    files: dict[str, bytes],
) -> dict[str, Any]:
    """Return the fields of a valid manifest for these files."""
    models = {p: {"file": f"model.{p}.onnx", "opset": OPSET, "ir_version": IR_VERSION} for p in precisions}
    golden = [
        {
            "image": f"golden/{name}.png",
            "expected": dict.fromkeys(precisions, f"golden/{name}.map.png"),
            "judgement": name.upper(),
        }
        for name in ("ok", "ng")
    ]
    accuracy = {"split": "none", "samples": 2, "fp32": {"iou": 1.0}, "int8": {"iou": 1.0}}
    source = {"name": "drawn", "licence": "CC0-1.0", "attribution": "", "use": "tests"}
    return {
        "schema": "edgevision.bundle/1",
        "name": "tiny",
        "version": "1.0.0",
        "task": "segment",
        "created": "2026-01-01T00:00:00Z",
        "input": {"name": "image", "size_wh": size_wh},
        "outputs": [{"name": "classes", "activation": activation}],
        "labels": labels,
        "segment": {"min_area_px": 4, "line_like": labels[1:2]},
        "models": models,
        "golden": golden,
        "accuracy": [accuracy],
        "licence": "CC0-1.0",
        "provenance": [source],
        "tools": {"onnx": onnx.__version__},
        "files": file_hashes(files),
    }


def make_onnx(
    size_wh: tuple[int, int] = (64, 64),
    classes: int = 2,
    activation: Activation = "none",
    *,
    quantized: bool = False,
) -> bytes:
    """Return a model (1, H, W, 3) uint8 RGB `image` → (1, classes, H, W) float32 `classes`.

    With activation `softmax` that function is left to the device and logits come out.
    """
    width, height = size_wh
    last = "classes" if activation == "softmax" else "logits"
    nodes = [
        *_normalise(),
        *(_quantized_conv(classes, last) if quantized else [_conv("pixels", "weight", last)]),
    ]
    if activation == "none":
        nodes.append(helper.make_node("Softmax", ["logits"], ["classes"], axis=1))
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, height, width, 3])],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, classes, height, width])],
        [numpy_helper.from_array(value, name) for name, value in _constants(classes, quantized=quantized)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _normalise() -> list[Any]:
    return [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "pixel_scale"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["pixels"], perm=[0, 3, 1, 2]),
    ]


def _conv(pixels: str, weight: str, output: str) -> Any:
    return helper.make_node("Conv", [pixels, weight, "bias"], [output], kernel_shape=[1, 1])


def _quantized_conv(classes: int, output: str) -> list[Any]:
    pair = [("QuantizeLinear", "pixels", "codes"), ("DequantizeLinear", "codes", "steps")]
    nodes = [helper.make_node(op, [a, "pixel_scale", "pixel_zero"], [b]) for op, a, b in pair]
    weight = ["weight_codes", "weight_scale", "weight_zero"]
    nodes.append(helper.make_node("DequantizeLinear", weight, ["weight_steps"], axis=0))
    nodes.append(_conv("steps", "weight_steps", "raw"))
    pair = [("QuantizeLinear", "raw", "raw_codes"), ("DequantizeLinear", "raw_codes", output)]
    return nodes + [helper.make_node(op, [a, "raw_scale", "raw_zero"], [b]) for op, a, b in pair]


def _constants(classes: int, *, quantized: bool) -> list[tuple[str, npt.NDArray[Any]]]:
    weight, bias = _COLOURS[:classes, :3], _COLOURS[:classes, 3]
    common = [("pixel_scale", np.float32(1 / 255)), ("bias", bias)]
    if not quantized:
        return [(name, np.asarray(value)) for name, value in common] + [("weight", weight[:, :, None, None])]
    scale = np.maximum(np.abs(weight).max(axis=1), 1.0).astype(np.float32) / np.float32(127)
    codes = np.round(weight / scale[:, None]).astype(np.int8)
    return [(name, np.asarray(value)) for name, value in common] + [
        ("pixel_zero", np.asarray(np.uint8(0))),
        ("weight_codes", codes[:, :, None, None]),
        ("weight_scale", scale),
        ("weight_zero", np.zeros(classes, np.int8)),
        ("raw_scale", np.asarray(np.float32(0.5))),
        ("raw_zero", np.asarray(np.uint8(128))),
    ]


def _png(picture: npt.NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".png", picture)
    assert done
    return data.tobytes()
