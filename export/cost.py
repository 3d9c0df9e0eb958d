"""Counts what a model costs, from its graph: weights, and multiplications per picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import onnx

__all__ = ["Cost", "cost_of"]

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one inference takes."""

    parameters: int
    """Weights and biases of convolutions and matrix products."""
    gmac: float
    """Billions of multiply-accumulates of those layers."""


def cost_of(model: onnx.ModelProto) -> Cost:
    """Return the cost of an fp32 model with fixed shapes."""
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    values = (*graph.input, *graph.output, *graph.value_info)
    shapes: dict[str, Shape] = {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim) for value in values
    }
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    parameters, macs = set[str](), 0
    for node in graph.node:
        if node.op_type in _MACS and (names := [name for name in node.input if name in weights]):
            parameters.update(names)
            macs += _MACS[node.op_type](node, shapes | weights)
    return Cost(sum(prod(weights[name]) for name in parameters), macs / 1e9)


def _convolution(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Every output pixel takes one product with each weight of its channel."""
    return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])


def _transposed(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Every input pixel is spread by each weight of its channel."""
    return prod(shapes[node.input[0]]) * prod(shapes[node.input[1]][1:])


def _product(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int:
    """Every output value sums over the last axis of the first input."""
    return prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


_MACS = {"Conv": _convolution, "ConvTranspose": _transposed, "Gemm": _product, "MatMul": _product}
