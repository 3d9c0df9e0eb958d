"""Makes small real detect bundles for the tests: ONNX models that see dark cells, or answer one constant.

The SSD model finds each cell of `CELL_PX` that is dark; the one for pairs each cell that is darker
than the reference's. A constant model answers the same arrays whatever it is shown.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgevision.bundle.goldenfindings import write_findings
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.ops.detections import Detections

__all__ = [
    "CELL_PX",
    "SIZE_WH",
    "Box",
    "bright",
    "cell_bundle_parts",
    "constant_bundle_parts",
    "detections",
    "make_cell_bundle",
    "make_constant_bundle",
    "with_dark",
]

CELL_PX = 8
SIZE_WH = (64, 64)
OPSET, IR_VERSION = 17, 8
Image = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]


def detections(*rows: tuple[int, float, Box]) -> Detections:
    """Return findings from rows of class id, score and box."""
    return Detections(
        np.array([box for _, _, box in rows], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in rows], np.float32),
        np.array([class_id for class_id, _, _ in rows], np.int64),
    )


def bright(size_wh: tuple[int, int] = SIZE_WH) -> Image:
    """Return a bright (H, W, 3) picture."""
    return np.full((size_wh[1], size_wh[0], 3), 200, np.uint8)


def with_dark(picture: Image, *boxes_xyxy: tuple[int, int, int, int], value: int = 0) -> Image:
    """Return a copy of the picture with filled boxes."""
    changed = picture.copy()
    for left, top, right, bottom in boxes_xyxy:
        changed[top:bottom, left:right] = value
    return changed


def make_cell_bundle(path: Path, *, pair: bool = False, **manifest_changes: Any) -> Path:
    """Write the bundle that finds dark cells, and return its path."""
    return _write(path, *cell_bundle_parts(pair=pair), manifest_changes)


def make_constant_bundle(
    path: Path, decoder: str, outputs: Mapping[str, npt.NDArray[Any]], **detect: Any
) -> Path:
    """Write a bundle whose model always gives these outputs, and return its path.

    `detect` replaces fields of that part of the manifest.
    """
    fields, files = constant_bundle_parts(decoder, outputs)
    return _write(path, fields, files, {"detect": fields["detect"] | detect})


def cell_bundle_parts(*, pair: bool = False) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest's fields and the files; the labels are `hole` and `never`."""
    files = {f"model.{precision}.onnx": _cell_model(pair=pair) for precision in ("fp32", "int8")}
    dark = with_dark(bright(), (16, 24, 24, 32))
    expected = detections((0, 0.9999, (16.0, 24.0, 24.0, 32.0)))
    files |= _golden("ok", bright(), Detections.empty(), pair=pair)
    files |= _golden("ng", dark, expected, pair=pair)
    cells = SIZE_WH[0] // CELL_PX, SIZE_WH[1] // CELL_PX
    fields = _fields(files, ("ok", "ng"), pair=pair) | {
        "outputs": [{"name": "boxes"}, {"name": "scores", "activation": "softmax"}],
        "detect": {
            "decoder": "ssd",
            "background": True,
            "priors": [{"map_wh": cells, "sizes_wh": [(CELL_PX, CELL_PX)]}],
            "inputs": "pair" if pair else "single",
        },
    }
    return fields, files


def constant_bundle_parts(
    decoder: str, outputs: Mapping[str, npt.NDArray[Any]]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest's fields and the files; nothing is known to be found in its only sample."""
    files = {"model.fp32.onnx": _constant_model(outputs)}
    files |= _golden("ng", bright(), Detections.empty(), pair=False)
    fields = _fields(files, ("ng",), pair=False, precisions=("fp32",)) | {
        "outputs": [{"name": name} for name in outputs],
        # What the sample expects is for the tests of golden samples.
        "detect": {"decoder": decoder, "golden_max_score_difference": 1.0},
    }
    return fields, files


def _write(
    path: Path, fields: dict[str, Any], files: dict[str, bytes], manifest_changes: dict[str, Any]
) -> Path:
    write_bundle(path, Manifest.model_validate(fields | manifest_changes), files)
    return path


def _golden(name: str, picture: Image, expected: Detections, *, pair: bool) -> dict[str, bytes]:
    files = {
        f"golden/{name}.png": cv2.imencode(".png", picture)[1].tobytes(),
        f"golden/{name}.json": write_findings(expected, ("hole", "never")),
    }
    if pair:
        files[f"golden/{name}.reference.png"] = cv2.imencode(".png", bright())[1].tobytes()
    return files


def _fields(
    files: dict[str, bytes],
    samples: Sequence[str],
    *,
    pair: bool,
    precisions: Sequence[str] = ("fp32", "int8"),
) -> dict[str, Any]:
    golden = [
        {
            "image": f"golden/{name}.png",
            "reference": f"golden/{name}.reference.png" if pair else None,
            "expected": dict.fromkeys(precisions, f"golden/{name}.json"),
            "judgement": name.upper(),
        }
        for name in samples
    ]
    return {
        "schema": "edgevision.bundle/1",
        "name": "cells",
        "version": "1.0.0",
        "task": "detect",
        "created": "2026-01-01T00:00:00Z",
        "input": {"name": "image", "size_wh": SIZE_WH},
        "labels": ("hole", "never"),
        "models": {
            precision: {"file": f"model.{precision}.onnx", "opset": OPSET, "ir_version": IR_VERSION}
            for precision in precisions
        },
        "golden": golden,
        "licence": "CC0-1.0",
        "provenance": [{"name": "drawn", "licence": "CC0-1.0", "attribution": "", "use": "tests"}],
        "tools": {"onnx": onnx.__version__},
        "files": file_hashes(files),
    }


def _cell_model(*, pair: bool) -> bytes:
    """Scores: background 0, hole by darkness (in a pair, by darkening), never -20."""
    width, height = SIZE_WH
    channels = 6 if pair else 3
    columns, rows = width // CELL_PX, height // CELL_PX
    weight = np.full((1, channels, CELL_PX, CELL_PX), -1 / (3 * CELL_PX**2), np.float32)
    bias = 100.0
    if pair:
        weight[:, 3:] *= -1
        bias = -100.0
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "weight", "bias"], ["darkness"], strides=[CELL_PX, CELL_PX]),
        helper.make_node("Mul", ["darkness", "gain"], ["hole"]),
        helper.make_node("Reshape", ["hole", "column"], ["hole_column"]),
        helper.make_node("Concat", ["zeros", "hole_column", "never"], ["scores"], axis=2),
        helper.make_node("Identity", ["offsets"], ["boxes"]),
    ]
    count = columns * rows
    constants: dict[str, npt.NDArray[Any]] = {
        "weight": weight,
        "bias": np.array([bias], np.float32),
        "gain": np.array(0.1, np.float32),
        "column": np.array([1, count, 1], np.int64),
        "zeros": np.zeros((1, count, 1), np.float32),
        "never": np.full((1, count, 1), -20, np.float32),
        "offsets": np.zeros((1, count, 4), np.float32),
    }
    outputs = {"boxes": [1, count, 4], "scores": [1, count, 3]}
    return _model(nodes, channels, constants, outputs)


def _constant_model(outputs: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The input is read and comes to nothing, because engines drop inputs that nobody reads."""
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["floats"], ["largest"], keepdims=0),
        helper.make_node("Mul", ["largest", "nothing"], ["zero"]),
    ]
    nodes += [helper.make_node("Add", [f"{name}.constant", "zero"], [name]) for name in outputs]
    constants = {f"{name}.constant": value.astype(np.float32) for name, value in outputs.items()}
    constants["nothing"] = np.array(0, np.float32)
    return _model(nodes, 3, constants, {name: list(value.shape) for name, value in outputs.items()})


def _model(
    nodes: list[Any],
    channels: int,
    constants: Mapping[str, npt.NDArray[Any]],
    outputs: Mapping[str, list[int]],
) -> bytes:
    width, height = SIZE_WH
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, height, width, channels])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
