"""Steps of different kinds in one recipe: what is read, and how mistakes are told."""

from pathlib import Path

import pytest

from edgevision.config.document import load_recipe
from edgevision.errors import ConfigError
from edgevision.recipe import DetectStep, SegmentStep

RECIPE = """\
schema: edgevision.recipe/1
name: board
version: "1.0"
tasks:
  - name: surface
    bundle: builtin:surface-crack
  - name: parts
    task: detect
    bundle: cells.zip
rules:
  - name: none
    max_count: 0
"""


def write(folder: Path, old: str = "", new: str = "") -> Path:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace(old, new) if old else RECIPE)
    return path


def test_a_step_says_its_task_or_is_one_to_segment(tmp_path: Path) -> None:
    surface, parts = load_recipe(write(tmp_path)).recipe.tasks

    assert isinstance(surface, SegmentStep)
    assert isinstance(parts, DetectStep)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "task: detect",
            "task: detekt",
            "7:5: tasks[1]: task: expected one of segment, detect, recognise, classify, got",
        ),
        (
            "task: detect",
            "task: detect\n    scaling: tiled",
            "9:5: tasks[1].scaling: expected one of letterbox",
        ),
        (
            "task: detect",
            "task: detect\n    score_treshold: 1",
            "unknown key; did you mean 'score_threshold'?",
        ),
        (
            "task: detect",
            "task: detect\n    pixel_threshold: 0.5",
            "9:5: tasks[1].pixel_threshold: unknown key",
        ),
        ("    task: detect\n    bundle: cells.zip", "    task: detect", "tasks[1].bundle: missing; add it"),
        (
            "bundle: builtin:surface-crack",
            "bundel: b",
            "6:5: tasks[0].bundel: unknown key",
        ),
        (
            "task: detect",
            "task: detect\n    reference: a/{id}.png",
            "9:5: tasks[1].reference: expected no placeholder but {stem}, got 'a/{id}.png'",
        ),
    ],
)
def test_a_mistake_in_a_step_is_told_with_its_line_and_key(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(write(tmp_path, old, new))

    assert expected in str(caught.value)


@pytest.mark.parametrize("reference", ["good.png", "../good/{stem}.png", "{stem}/{stem}.png"])
def test_a_reference_may_name_the_frames_file(tmp_path: Path, reference: str) -> None:
    path = write(tmp_path, "task: detect", f"task: detect\n    reference: '{reference}'")

    step = load_recipe(path).recipe.tasks[1]

    assert isinstance(step, DetectStep)
    assert step.reference == reference
