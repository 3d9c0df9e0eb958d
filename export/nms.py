"""Puts decoding and suppression of doubles into an SSD model's graph, for those who want finished boxes.

The device needs neither: it decodes only the few boxes that score, which is cheaper than decoding all.
Answers stay what the decoder `ssd-decoded` reads, with one row per finding: a device that suppresses
once more finds nothing left to suppress.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgevision.bundle.detectspec import DetectSpec
from edgevision.bundle.manifest import Manifest, OutputSpec
from edgevision.errors import UsageError
from edgevision.ops.boxes import prior_boxes
from export.convert import sealed

__all__ = ["LOWEST_SCORE", "finished_fields", "with_suppression"]

LOWEST_SCORE = 0.01
"""Below it no finding leaves the graph, whatever threshold the device has."""

_BOXES, _SCORES = "finished_boxes", "finished_scores"
_PREFIX = "edgevision_nms_"


def finished_fields(detect: DetectSpec) -> dict[str, object]:
    """Return what the manifest of a raw SSD says otherwise with suppression inside."""
    changes = {"decoder": "ssd-decoded", "priors": (), "background": False}
    return {
        "outputs": (OutputSpec(name=_BOXES), OutputSpec(name=_SCORES)),
        "detect": detect.model_copy(update=changes),
    }


def with_suppression(model: onnx.ModelProto, manifest: Manifest) -> onnx.ModelProto:
    """Return a raw SSD model that answers (1, M, 4) boxes in pixels and (1, M, C) scores of M findings.

    Args:
        model: fp32 or int8; answers boxes and scores as `manifest` says.
        manifest: Of the raw model.

    Raises:
        UsageError: it is no raw SSD, or its boxes vote, which the graph cannot count.
    """
    spec = manifest.detect
    if spec is None or spec.decoder != "ssd":
        raise UsageError(f"{manifest.name}: expected a raw SSD to put suppression into; leave --nms out")
    if spec.votes > 1 or spec.exclusive:
        raise UsageError(
            f"{manifest.name}: expected votes 1 and exclusive false, as suppression in the graph leaves no "
            f"box to vote, got {spec.votes} and {str(spec.exclusive).lower()}; leave --nms out"
        )
    graph = _Graph(model)
    boxes, scores = _decoded(graph, manifest), _probabilities(graph, manifest)
    per_class = graph.add("Transpose", [scores], perm=[0, 2, 1])
    picked = graph.add(
        "NonMaxSuppression",
        [
            graph.add(
                "Clip",
                [boxes, graph.value(np.float32(0)), graph.value(np.float32(max(manifest.input.size_wh)))],
            ),
            per_class,
            graph.value(np.array([spec.max_detections], np.int64)),
            graph.value(np.array([spec.iou_threshold], np.float32)),
            graph.value(np.array([LOWEST_SCORE], np.float32)),
        ],
    )
    classes = graph.add("Gather", [picked, graph.value(np.int64(1))], axis=1)
    rows = graph.add("Gather", [picked, graph.value(np.int64(2))], axis=1)
    graph.add("Gather", [boxes, rows], axis=1, output=_BOXES)
    own = graph.add(
        "OneHot",
        [classes, graph.value(np.int64(len(manifest.labels))), graph.value(np.array([0, 1], np.float32))],
    )
    graph.add("Mul", [graph.add("Gather", [scores, rows], axis=1), own], output=_SCORES)
    return graph.finished((_BOXES, 4), (_SCORES, len(manifest.labels)))


def _decoded(graph: "_Graph", manifest: Manifest) -> str:
    """Add what `edgevision.ops.boxes.decode_boxes` does."""
    spec: DetectSpec = manifest.require_detect()
    priors = prior_boxes(spec.priors, manifest.input.size_wh)[np.newaxis]
    offsets = manifest.outputs[0].name
    steps = [graph.slice(offsets, first) for first in (0, 2)]
    moved = graph.add("Mul", [steps[0], graph.value(np.float32(spec.variances[0]) * priors[..., 2:])])
    centres = graph.add("Add", [moved, graph.value(priors[..., :2])])
    grown = graph.add("Exp", [graph.add("Mul", [steps[1], graph.value(np.float32(spec.variances[1]))])])
    halves = graph.add("Mul", [grown, graph.value(priors[..., 2:] / 2)])
    corners = [graph.add("Sub", [centres, halves]), graph.add("Add", [centres, halves])]
    return graph.add("Concat", corners, axis=2)


def _probabilities(graph: "_Graph", manifest: Manifest) -> str:
    """Add the activation, and drop the score of background."""
    output = manifest.outputs[1]
    scores = output.name
    if output.activation == "softmax":
        scores = graph.add("Softmax", [scores], axis=2)
    elif output.activation == "sigmoid":
        scores = graph.add("Sigmoid", [scores])
    if manifest.require_detect().background:
        scores = graph.slice(scores, 1, np.iinfo(np.int64).max)
    return scores


class _Graph:
    """A model that grows at its end."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = onnx.ModelProto.FromString(model.SerializeToString())
        self._count = 0

    def value(self, value: npt.ArrayLike) -> str:
        """Add a constant and return its name."""
        name = self._fresh("value")
        self._model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(
        self, operation: str, inputs: Sequence[str], output: str | None = None, **attributes: object
    ) -> str:
        """Add a node and return the name of its output."""
        name = self._fresh(operation.lower())
        node = helper.make_node(operation, inputs, [output or name], name, **attributes)
        self._model.graph.node.append(node)
        return output or name

    def slice(self, source: str, first: int, end: int | None = None) -> str:
        """Take values from `first` on along the last axis; two of them without `end`."""
        bounds = [[first], [first + 2 if end is None else end], [2]]
        return self.add("Slice", [source, *(self.value(np.array(bound, np.int64)) for bound in bounds)])

    def finished(self, *outputs: tuple[str, int]) -> onnx.ModelProto:
        """Return the model with these outputs, of a row per finding and so many values in each."""
        graph = self._model.graph
        del graph.output[:]
        graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "findings", values])
            for name, values in outputs
        )
        return sealed(self._model)

    def _fresh(self, what: str) -> str:
        self._count += 1
        return f"{_PREFIX}{what}_{self._count}"
