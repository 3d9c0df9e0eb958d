"""Finds the layers that int8 hurts most: each is left in float alone, and what that mends is measured."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import onnx

from export.quantize import Quantizer

__all__ = ["LayerError", "exclusions", "rank_layers"]


@dataclass(frozen=True, slots=True)
class LayerError:
    """What leaving one layer in float does to the model's answers."""

    node: str
    weight: str
    """Name of its weights, which says more than a node's name."""
    error: float
    """What is left of the difference to the float model."""
    mended: float
    """By how much the difference shrank; negative when it grew."""


def rank_layers(quantizer: Quantizer, error: Callable[[onnx.ModelProto], float]) -> tuple[LayerError, ...]:
    """Return all layers with weights, the one whose exclusion mends most first.

    Args:
        quantizer: Of the model in question.
        error: Measures how far an int8 model is from the float one.
    """
    baseline = error(quantizer.quantized())
    nodes = {node.name: node for node in quantizer.prepared.graph.node}
    layers = []
    for name in quantizer.weighted_nodes:
        left = error(quantizer.quantized([name]))
        layers.append(LayerError(name, nodes[name].input[1], left, baseline - left))
    return tuple(sorted(layers, key=lambda layer: -layer.mended))


def exclusions(ranked: Sequence[LayerError]) -> Iterator[tuple[str, ...]]:
    """Yield ever larger sets of the layers that mend anything: 1, 2, 4, … and finally all of them."""
    helpful = [layer.node for layer in ranked if layer.mended > 0]
    count = 1
    while count < len(helpful):
        yield tuple(helpful[:count])
        count *= 2
    if helpful:
        yield tuple(helpful)
