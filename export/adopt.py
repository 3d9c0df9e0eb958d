"""Makes a foreign ONNX model take what the device gives: (1, H, W, C) uint8 instead of normalised floats.

A graph edit only: Transpose, Cast, Mul and Add are put before the first layer. Answers are not judged here.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgevision.bundle.detectspec import OUTPUTS
from edgevision.errors import ManifestError
from export.convert import INPUT_NAME, OPSETS, sealed
from export.description import Description

__all__ = ["adopt", "read_onnx"]

_FLOAT = TensorProto.FLOAT
_UINT8 = TensorProto.UINT8


def read_onnx(path: Path) -> onnx.ModelProto:
    """Read an ONNX file with its side files. Raises ManifestError when it is not one."""
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf, the checker and the file system raise without a common base
        raise ManifestError(f"{path}: expected a valid ONNX file, got: {error}; export it again") from error
    return model


def adopt(model: onnx.ModelProto, description: Description) -> onnx.ModelProto:
    """Return the model with a fixed uint8 NHWC input and only the outputs that the description names.

    Raises:
        ManifestError: its inputs, outputs or opset cannot be used.
    """
    model = _with_supported_opset(model)
    _keep_outputs(model.graph, description)
    source = _single_input(model.graph)
    if source.type.tensor_type.elem_type == _UINT8:
        _fix_shape(source, description.input_shape)
        return _checked(model)
    if source.type.tensor_type.elem_type != _FLOAT or len(source.type.tensor_type.shape.dim) != 4:
        raise ManifestError(
            f"input {source.name}: expected float32 (N, C, H, W) or uint8 (N, H, W, C), got "
            f"{_shown(source)}; export the model with such an input"
        )
    _normalise_bytes(model.graph, source, description)
    return _checked(model)


def _with_supported_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    opset = next((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), 0)
    if opset in OPSETS:
        return onnx.ModelProto.FromString(model.SerializeToString())
    if opset > OPSETS[-1]:
        raise ManifestError(
            f"opset: expected at most {OPSETS[-1]}, got {opset}; export with opset {OPSETS[-1]}"
        )
    try:
        return onnx.version_converter.convert_version(model, OPSETS[0])
    except Exception as error:  # the converter is C++ and raises RuntimeError and its own types
        raise ManifestError(
            f"opset {opset} cannot be raised to {OPSETS[0]}: {error}; export the model with opset {OPSETS[0]}"
        ) from error


def _keep_outputs(graph: onnx.GraphProto, description: Description) -> None:
    given = {value.name: value for value in graph.output}
    key, wanted = "output.name", [description.output.name] if description.output.name else []
    count = 1
    if description.detect is not None:
        key, wanted = "detect.outputs", list(description.detect.outputs)
        count = OUTPUTS[description.detect.decoder]
    chosen = wanted or list(given)
    if len(chosen) != count or not set(chosen) <= set(given):
        raise ManifestError(
            f"{key}: expected {count} of {', '.join(given)}, got {', '.join(chosen)}; name them"
        )
    del graph.output[:]
    graph.output.extend(given[name] for name in chosen)


def _single_input(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs)
        raise ManifestError(f"inputs: expected one picture, got {names}; export the model with one input")
    del graph.input[:]
    graph.input.append(inputs[0])
    return graph.input[0]


def _normalise_bytes(graph: onnx.GraphProto, source: onnx.ValueInfoProto, description: Description) -> None:
    """Put (pixel / 255 - mean) / std before the graph, as one Mul and one Add per channel."""
    _, height, width, channels = description.input_shape
    _require_shape(source, (1, channels, height, width))
    places = [index % description.channels for index in range(channels)]
    mean, std = (np.asarray(v, np.float32)[places] for v in (description.mean, description.std))
    scale, shift = 1.0 / (255.0 * std), -mean / std
    if source.name == INPUT_NAME:
        _rename(graph, INPUT_NAME, f"{INPUT_NAME}_normalised")
    floats = graph.input[0].name
    for name, values in (("edgevision_scale", scale), ("edgevision_shift", shift)):
        graph.initializer.append(
            numpy_helper.from_array(values.astype(np.float32).reshape(1, channels, 1, 1), name)
        )
    prefix = [
        helper.make_node(
            "Transpose", [INPUT_NAME], ["edgevision_planes"], "edgevision_transpose", perm=[0, 3, 1, 2]
        ),
        helper.make_node("Cast", ["edgevision_planes"], ["edgevision_floats"], "edgevision_cast", to=_FLOAT),
        helper.make_node(
            "Mul", ["edgevision_floats", "edgevision_scale"], ["edgevision_scaled"], "edgevision_mul"
        ),
        helper.make_node("Add", ["edgevision_scaled", "edgevision_shift"], [floats], "edgevision_add"),
    ]
    nodes = [*prefix, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(INPUT_NAME, _UINT8, [1, height, width, channels]))


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new
    graph.input[0].name = new


def _fix_shape(value: onnx.ValueInfoProto, shape: tuple[int, ...]) -> None:
    _require_shape(value, shape)
    for dim, size in zip(value.type.tensor_type.shape.dim, shape, strict=True):
        dim.dim_value = size


def _require_shape(value: onnx.ValueInfoProto, shape: tuple[int, ...]) -> None:
    given = tuple(dim.dim_value or None for dim in value.type.tensor_type.shape.dim)
    if len(given) != 4 or any(g not in (None, s) for g, s in zip(given, shape, strict=True)):
        raise ManifestError(
            f"input {value.name}: expected {shape} from view.size_wh and color, got {_shown(value)}; "
            "correct the description"
        )


def _checked(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the sealed model with its outputs' shapes inferred anew from the fixed input."""
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        return sealed(inferred)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ManifestError(
            f"the model does not fit {model.graph.input[0].name} of {_shown(model.graph.input[0])}: {error}; "
            "correct view.size_wh and color"
        ) from error


def _shown(value: onnx.ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    dims = ", ".join(str(dim.dim_value or dim.dim_param or "?") for dim in tensor.shape.dim)
    return f"({dims}) {TensorProto.DataType.Name(tensor.elem_type).lower()}"
