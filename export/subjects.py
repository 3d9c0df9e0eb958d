"""Opens the subject of a model by its description: the only place that knows all tasks."""

from collections.abc import Sequence
from typing import Any

import onnx

from edgevision.recipe import Recipe
from export.classify.subject import ClassifySubject, draft_classify_manifest, open_class_materials
from export.convert import INPUT_NAME, OUTPUT_NAME
from export.description import Description
from export.detect.boards.sample import golden_boards
from export.detect.materials import open_detect_materials
from export.detect.running import BOXES_NAME, SCORES_NAME, draft_detect_manifest
from export.detect.subject import DetectSubject
from export.embed.materials import open_casts
from export.embed.subject import EmbedSubject, draft_embed_manifest
from export.materials import open_materials
from export.segmenting import SegmentSubject
from export.subject import Subject

__all__ = ["Names", "names_of", "names_to_be", "open_subject"]

EMBEDDING_NAME = "embedding"
LOGITS_NAME, CAM_NAME = "logits", "cam"
Names = tuple[str, Sequence[str]]
"""Of the input and of the outputs."""


def names_of(model: onnx.ModelProto) -> Names:
    """Return the names in an ONNX file."""
    return model.graph.input[0].name, [output.name for output in model.graph.output]


def names_to_be(description: Description) -> Names:
    """Return the names that a model converted here gets."""
    if description.detect is not None:
        return INPUT_NAME, [BOXES_NAME, SCORES_NAME]
    if description.classify is not None:
        return INPUT_NAME, [LOGITS_NAME, CAM_NAME]
    return INPUT_NAME, [OUTPUT_NAME if description.embed is None else EMBEDDING_NAME]


def open_subject(
    description: Description,
    training: dict[str, Any],
    names: Names,
    data: str | None,
    recipe: Recipe | None = None,
    *,
    calibration: int,
    held_out: int,
) -> Subject:
    """Return a model with the pictures that `--data` names.

    Args:
        description: Of the model, completed by its checkpoint.
        training: Its training configuration as plain values; empty when there is none.
        names: Of its input and outputs.
        data: As typed.
        recipe: Judges; any defect is NG without one.
        calibration: Most pictures to calibrate with.
        held_out: Most pictures to judge by.

    Raises:
        UsageError: there are no usable pictures, or the recipe is for another task.
    """
    if description.embed is not None:
        casts = open_casts(data, training, calibration=calibration, held_out=held_out)
        return EmbedSubject(draft_embed_manifest(description, names[0], names[1][0]), *casts)
    if description.classify is not None:
        pictures = open_class_materials(
            data, description.labels, training, calibration=calibration, held_out=held_out
        )
        return ClassifySubject(draft_classify_manifest(description, *names), pictures)
    if description.detect is None:
        materials = open_materials(
            data, description.labels, training, calibration=calibration, held_out=held_out
        )
        return SegmentSubject(description, materials, recipe, (names[0], names[1][0]))
    boxes = open_detect_materials(
        data,
        description.labels,
        training,
        pairs=description.detect.pair,
        calibration=calibration,
        held_out=held_out,
    )
    golden = golden_boards(description.labels) if description.detect.golden == "drawn-boards" else ()
    return DetectSubject(draft_detect_manifest(description, *names), boxes, recipe, golden)
