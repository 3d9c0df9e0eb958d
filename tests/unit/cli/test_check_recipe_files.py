"""That `check` looks at the files of a recipe, and reads them as a station will."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from edgevision.gallery.content import Enrolled, Gallery
from edgevision.gallery.file import GalleryFile
from tests.detectbundles import make_cell_bundle
from tests.embedbundles import DIMENSIONS, make_embed_bundle
from tests.unit.cli.conftest import Run

KNOWN = {"name": "who", "task": "recognise", "bundle": "embed.zip", "gallery": "staff", "expected": "known"}


def recipe_of(folder: Path, step: dict[str, Any]) -> str:
    path = folder / "recipe.yaml"
    fields = {"schema": "edgevision.recipe/1", "name": "r", "version": "1.0", "tasks": [step]}
    if step["task"] == "detect":
        fields["rules"] = [{"name": "none", "max_count": 0}]
    path.write_text(yaml.safe_dump(fields, sort_keys=False))
    return str(path)


def compared(folder: Path, reference: str) -> str:
    make_cell_bundle(folder / "cells.zip", pair=True)
    return recipe_of(
        folder, {"name": "parts", "task": "detect", "bundle": "cells.zip", "reference": reference}
    )


def enrolled(folder: Path, *, embedder: bytes | None = None, **step: Any) -> str:
    bundle = folder / "embed.zip"
    make_embed_bundle(bundle)
    sha256 = hashlib.sha256(embedder or bundle.read_bytes()).hexdigest()
    one = np.eye(1, DIMENSIONS, dtype=np.float32)
    gallery = Gallery.empty(sha256, DIMENSIONS).added((Enrolled("anna", "2026-01-01T00:00:00Z"),), one)
    GalleryFile(folder / "galleries/staff.gallery").change(lambda _: gallery)
    return recipe_of(folder, KNOWN | step)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("gone.png", "expected a file at {}/gone.png, found nothing there; make it, or correct the path"),
        ("good", "expected a file at {}/good, found a folder"),
        ("gone/{stem}.png", "expected a folder at {}/gone, found nothing there"),
        ("recipe.yaml", "reference: {}/recipe.yaml cannot be decoded as a picture"),
    ],
)
def test_a_good_part_that_is_missing_or_no_picture_is_refused(
    run: Run, tmp_path: Path, reference: str, expected: str
) -> None:
    (tmp_path / "good").mkdir()
    recipe = compared(tmp_path, reference)

    outcome = run("check", recipe)

    assert outcome.status == 78
    assert f"{recipe}:8:3: tasks[0].reference: {expected.format(tmp_path)}" in outcome.err


@pytest.mark.parametrize("reference", ["good/a.png", "good/{stem}.png"])
def test_a_good_part_that_is_there_is_fine(run: Run, tmp_path: Path, reference: str) -> None:
    (tmp_path / "good").mkdir()
    cv2.imwrite(str(tmp_path / "good/a.png"), np.zeros((8, 8, 3), np.uint8))

    outcome = run("check", compared(tmp_path, reference))

    assert (outcome.status, outcome.err) == (0, "")


def test_that_nobody_is_enrolled_yet_is_told_and_no_mistake(run: Run, tmp_path: Path) -> None:
    make_embed_bundle(tmp_path / "embed.zip")

    outcome = run("check", recipe_of(tmp_path, KNOWN))

    assert outcome.status == 0
    gallery = tmp_path / "galleries/staff.gallery"
    assert f"tasks[0].gallery: {gallery} is not there yet; a station needs somebody in it" in outcome.out


def test_a_gallery_that_serves_is_fine(run: Run, tmp_path: Path) -> None:
    outcome = run("check", enrolled(tmp_path, expected=["anna"]))

    assert outcome.status == 0
    assert "tasks[0]" not in outcome.out


def test_a_name_that_is_not_enrolled_is_refused(run: Run, tmp_path: Path) -> None:
    outcome = run("check", enrolled(tmp_path, expected=["ana"]))

    assert outcome.status == 78
    assert "tasks[0].expected: nobody is enrolled as 'ana'; did you mean 'anna'?" in outcome.err


def test_a_gallery_of_another_embedder_is_refused(run: Run, tmp_path: Path) -> None:
    outcome = run("check", enrolled(tmp_path, embedder=b"another"))

    assert outcome.status == 11
    assert "recipe.yaml:8:3: tasks[0].gallery: " in outcome.err


def test_a_key_that_is_missing_is_refused(run: Run, tmp_path: Path) -> None:
    outcome = run("check", enrolled(tmp_path, gallery_key_file="staff.key"))

    assert outcome.status == 78
    assert f"tasks[0].gallery_key_file: expected a file at {tmp_path}/staff.key, found nothing" in outcome.err


def test_a_gallery_whose_key_only_the_service_gets_is_not_read(run: Run, tmp_path: Path) -> None:
    outcome = run("check", enrolled(tmp_path, gallery_key_credential="staff-key"))

    assert outcome.status == 0
