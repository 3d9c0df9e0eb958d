"""Variants to tell apart in tests: their pictures, a recipe that recognises them, and enrolling them."""

import json
from pathlib import Path
from typing import Any

import cv2

from tests.embedbundles import make_embed_bundle, pattern
from tests.integration.conftest import Command, Outcome
from tests.stations import FRUGAL, read_results

__all__ = ["VARIANTS", "enrol_variants", "inspected", "pictures", "recipe_of", "recognising", "who"]

VARIANTS = {"variant-a": 1, "variant-b": 2}


def recipe_of(folder: Path, step: dict[str, Any], **fields: Any) -> Path:
    content = {"schema": "edgevision.recipe/1", "name": "parts", "version": "1.0", "tasks": [step]} | fields
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(content))
    return path


def recognising(folder: Path) -> Path:
    """Write the recipe that recognises variants, with its bundle."""
    make_embed_bundle(folder / "embed.zip")
    return recipe_of(folder, who())


def who(**fields: Any) -> dict[str, Any]:
    step = {"name": "variant", "task": "recognise", "bundle": "embed.zip", "gallery": "variants"}
    return step | {"expected": ["variant-b"]} | fields


def pictures(folder: Path, **seeds: int) -> Path:
    folder.mkdir(exist_ok=True)
    for name, seed in seeds.items():
        cv2.imwrite(str(folder / f"{name}.png"), pattern(seed, 64, noise=12))
    return folder


def enrol_variants(command: Command, folder: Path, recipe: Path, *arguments: str) -> Outcome:
    """Enrol three pictures of each variant; further arguments are for the command."""
    for name, seed in VARIANTS.items():
        shown = folder / name
        shown.mkdir(exist_ok=True)
        images = [shown / f"{number}.png" for number in range(3)]
        for number, image in enumerate(images):
            cv2.imwrite(str(image), pattern(seed, 64 + 8 * number, noise=10))
        outcome = command("enrol", *FRUGAL, "--recipe", recipe, "--name", name, *arguments, *images)
        assert outcome.status == 0, outcome.err
    return outcome


def inspected(command: Command, folder: Path, recipe: Path, source: Path) -> dict[str, dict[str, Any]]:
    out = folder / "out.jsonl"
    outcome = command("replay", *FRUGAL, "--recipe", recipe, "--out", out, source)
    assert outcome.status == 0, outcome.err
    return {Path(message["file"]).stem: message for message in read_results(out)}
