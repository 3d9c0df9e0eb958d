"""Says which nodes of a graph stay float in its int8 twin, whatever calibration shows. Pure.

The bytes-to-float prefix and the softmax do, and so do coordinates and batch norms of joined tensors. Which
layers stay float because int8 hurts them is `export.sensitivity`.
"""

from collections.abc import Callable
from typing import Literal

import onnx

__all__ = ["kept_float"]

_END_OPERATIONS = frozenset(
    {
        "Add",
        "Cast",
        "Clip",
        "Concat",
        "Div",
        "Identity",
        "Mul",
        "Pad",
        "Reshape",
        "Resize",
        "Sigmoid",
        "Softmax",
        "Sub",
        "Transpose",
    }
)

_COORDINATE_OPERATIONS = _END_OPERATIONS | {
    "Gather",
    "Gemm",
    "MatMul",
    "Slice",
    "Split",
    "Squeeze",
    "Unsqueeze",
}


def kept_float(graph: onnx.GraphProto) -> list[str]:
    """Return the names of the nodes that stay float, in the order of the graph."""
    producer = {output: node for node in graph.node for output in node.output}
    kept = _ends(graph, producer) | _joined_norms(graph, producer)
    return [node.name for node in graph.node if node.name in kept]


def _ends(graph: onnx.GraphProto, producer: dict[str, onnx.NodeProto]) -> set[str]:
    """Return the names of the nodes between the input and the first weights, and after the last ones.

    Pictures lose nothing in the prefix, and probabilities would be rounded to 1/255 in the suffix. Where a
    picture is sampled by coordinates, those are rounded to less than the sampled pixels only in float.
    """
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    prefix = _walk([graph.input[0].name], lambda name: consumers.get(name, []), "output")
    suffix = _walk([value.name for value in graph.output], lambda name: _known(producer.get(name)), "input")
    grids = [node.input[1] for node in graph.node if node.op_type == "GridSample"]
    coordinates = _walk(grids, lambda name: _known(producer.get(name)), "input", _COORDINATE_OPERATIONS)
    return prefix | suffix | coordinates


def _joined_norms(graph: onnx.GraphProto, producer: dict[str, onnx.NodeProto]) -> set[str]:
    """Return the names of each batch norm that follows a concatenation, and of the concatenation.

    Between these two OpenVINO (2026.4) cannot stand a quantisation: as it fuses the norm's shift with the
    zero point it loses a node, reads it all the same, and ends the process.
    """
    pairs = (
        (joined, node)
        for node in graph.node
        if node.op_type == "BatchNormalization"
        for joined in _known(producer.get(node.input[0]))
        if joined.op_type == "Concat"
    )
    return {node.name for pair in pairs for node in pair}


def _known(node: onnx.NodeProto | None) -> list[onnx.NodeProto]:
    return [] if node is None else [node]


def _walk(
    tensors: list[str],
    neighbours: Callable[[str], list[onnx.NodeProto]],
    onwards: Literal["input", "output"],
    through: frozenset[str] = _END_OPERATIONS,
) -> set[str]:
    """Return the nodes reached from `tensors` through some operations; those named keep to single pixels."""
    reached: set[str] = set()
    while tensors:
        for node in neighbours(tensors.pop()):
            if node.op_type in through and node.name not in reached:
                reached.add(node.name)
                tensors += getattr(node, onwards)
    return reached
