"""Finds what int8 hurts most: parts of the graph are left in float, and what that mends is measured.

A part is one layer, or one layer with all that its output reaches up to the next layers: only then
is the tensor between them not rounded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import onnx

from export.quantize import Quantizer

__all__ = ["PartError", "exclusions", "parts", "rank_parts"]


@dataclass(frozen=True, slots=True)
class PartError:
    """What leaving one part of the graph in float does to the model's answers."""

    nodes: tuple[str, ...]
    error: float
    """What is left of the difference to the float model."""
    mended: float
    """By how much the difference shrank; negative when it grew."""


def rank_parts(quantizer: Quantizer, error: Callable[[onnx.ModelProto], float]) -> tuple[PartError, ...]:
    """Return all parts, the one whose exclusion mends most for each node first.

    Args:
        quantizer: Of the model in question.
        error: Measures how far an int8 model is from the float one.
    """
    baseline = error(quantizer.quantized())
    found = []
    for nodes in parts(quantizer.prepared.graph, quantizer.weighted_nodes):
        left = error(quantizer.quantized(nodes))
        found.append(PartError(nodes, left, baseline - left))
    return tuple(sorted(found, key=lambda part: -part.mended / len(part.nodes)))


def exclusions(ranked: Sequence[PartError]) -> Iterator[tuple[str, ...]]:
    """Yield ever larger sets of nodes: of the best 1, 2, 4, … parts that mend anything, finally of all."""
    helpful = [part.nodes for part in ranked if part.mended > 0]
    count = 1
    while count < len(helpful):
        yield _union(helpful[:count])
        count *= 2
    if helpful:
        yield _union(helpful)


def parts(graph: onnx.GraphProto, layers: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield every layer alone, and every layer with what lies up to and including the next layers."""
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    for node in graph.node:
        if node.name in layers:
            yield (node.name,)
            yield _union([(node.name,), _reach(node, consumers, layers)])


def _reach(
    start: onnx.NodeProto, consumers: dict[str, list[onnx.NodeProto]], layers: Sequence[str]
) -> tuple[str, ...]:
    reached: dict[str, None] = {}
    waiting = [start]
    while waiting:
        for name in waiting.pop().output:
            for node in consumers.get(name, ()):
                if node.name not in reached:
                    reached[node.name] = None
                    waiting += [] if node.name in layers else [node]
    return tuple(reached)


def _union(groups: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
