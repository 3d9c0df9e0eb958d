"""Makes small real bundles that tell things apart: an embedder of patterns, and a classifier of brightness.

The embedding is the picture in 4 x 4 cells of colour, without its mean. The classifier answers `bright`
or `dark` with class activation maps of 4 x 4.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edgevision.bundle.goldennumbers import write_numbers
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.ops.classes import class_probabilities
from edgevision.ops.embed import normalised

__all__ = [
    "DIMENSIONS",
    "LABELS",
    "SIDE_PX",
    "classify_parts",
    "embed_parts",
    "make_classify_bundle",
    "make_embed_bundle",
    "pattern",
]

SIDE_PX, CELLS = 32, 4
DIMENSIONS = 3 * CELLS * CELLS
LABELS = ("bright", "dark")
OPSET, IR_VERSION = 17, 8
Image = npt.NDArray[np.uint8]
Parts = tuple[dict[str, Any], dict[str, bytes]]


def pattern(seed: int, side_px: int = SIDE_PX, noise: float = 0.0) -> Image:
    """Return an (S, S, 3) picture of coloured cells: a variant of its own for each seed."""
    cells = np.random.default_rng(seed).integers(0, 256, (CELLS, CELLS, 3)).astype(np.uint8)
    picture = cv2.resize(cells, (side_px, side_px), interpolation=cv2.INTER_NEAREST).astype(np.float64)
    picture += np.random.default_rng(seed + 1).normal(0, noise, picture.shape) if noise else 0
    return np.clip(picture, 0, 255).astype(np.uint8)


def make_embed_bundle(path: Path, **embed: Any) -> Path:
    """Write the embedder and return its path; `embed` replaces fields of that part of the manifest."""
    return _write(path, embed_parts(**embed))


def make_classify_bundle(path: Path, *, cam: bool = True, **classify: Any) -> Path:
    """Write the classifier and return its path; `classify` replaces fields of that part of the manifest."""
    return _write(path, classify_parts(cam=cam, **classify))


def embed_parts(**embed: Any) -> Parts:
    """Return the manifest's fields and the files of the embedder."""
    model = _embedder()
    sample = pattern(0)
    expected = normalised(_run(model, sample, "embedding")[0])
    files = {"model.fp32.onnx": model, "golden/a.png": _png(sample), "golden/a.json": write_numbers(expected)}
    fields = _fields("embed", files) | {
        "outputs": [{"name": "embedding"}],
        "labels": (),
        "embed": {"dimensions": DIMENSIONS, "threshold": 0.8} | embed,
    }
    return fields, files


def classify_parts(*, cam: bool = True, **classify: Any) -> Parts:
    """Return the manifest's fields and the files of the classifier."""
    model = _classifier()
    sample = np.full((SIDE_PX, SIDE_PX, 3), 100, np.uint8)
    spec: dict[str, Any] = {"temperature": 2.0} | classify
    expected = class_probabilities(_run(model, sample, "logits")[0], spec["temperature"])
    files = {"model.fp32.onnx": model, "golden/a.png": _png(sample), "golden/a.json": write_numbers(expected)}
    fields = _fields("classify", files) | {
        "outputs": [{"name": "logits"}, {"name": "cam"}] if cam else [{"name": "logits"}],
        "labels": LABELS,
        "classify": spec,
    }
    return fields, files


def _write(path: Path, parts: Parts) -> Path:
    write_bundle(path, Manifest.model_validate(parts[0]), parts[1])
    return path


def _fields(task: str, files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "schema": "edgevision.bundle/1",
        "name": f"tiny-{task}",
        "version": "1.0.0",
        "task": task,
        "created": "2026-01-01T00:00:00Z",
        "input": {"name": "image", "size_wh": (SIDE_PX, SIDE_PX), "color": "BGR"},
        "models": {"fp32": {"file": "model.fp32.onnx", "opset": OPSET, "ir_version": IR_VERSION}},
        "golden": [{"image": "golden/a.png", "expected": {"fp32": "golden/a.json"}}],
        "licence": "CC0-1.0",
        "provenance": [{"name": "drawn", "licence": "CC0-1.0", "attribution": "", "use": "tests"}],
        "tools": {"onnx": onnx.__version__},
        "files": file_hashes(files),
    }


def _embedder() -> bytes:
    kernel = [SIDE_PX // CELLS] * 2
    nodes = [
        *_planes(),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=kernel, strides=kernel),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1]),
        helper.make_node("Sub", ["flat", "mean"], ["embedding"]),
    ]
    return _model(nodes, {}, {"embedding": [1, DIMENSIONS]})


def _classifier() -> bytes:
    kernel = [SIDE_PX // CELLS] * 2
    weight = np.array([[1, 1, 1], [-1, -1, -1]], np.float32)[:, :, np.newaxis, np.newaxis] / 60
    constants: dict[str, npt.NDArray[Any]] = {"weight": weight, "bias": np.array([-6.4, 6.4], np.float32)}
    nodes = [
        *_planes(),
        helper.make_node("Conv", ["planes", "weight", "bias"], ["shown"], kernel_shape=[1, 1]),
        helper.make_node("AveragePool", ["shown"], ["cam"], kernel_shape=kernel, strides=kernel),
        helper.make_node("GlobalAveragePool", ["cam"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["logits"]),
    ]
    return _model(nodes, constants, {"logits": [1, 2], "cam": [1, 2, CELLS, CELLS]})


def _planes() -> list[Any]:
    return [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
    ]


def _model(
    nodes: Sequence[Any], constants: Mapping[str, npt.NDArray[Any]], outputs: Mapping[str, list[int]]
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, SIDE_PX, SIDE_PX, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _run(model: bytes, picture_bgr: Image, output: str) -> npt.NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run([output], {"image": picture_bgr[np.newaxis]})[0], np.float32)


def _png(picture: Image) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()
