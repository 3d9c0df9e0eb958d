"""Enrolling through the command line: what a gallery holds, shows and forgets, and when it is refused."""

import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography.fernet import Fernet

from tests.embedbundles import make_embed_bundle
from tests.integration.conftest import Command
from tests.integration.variants import (
    VARIANTS,
    enrol_variants,
    inspected,
    pictures,
    recipe_of,
    recognising,
    who,
)
from tests.stations import FRUGAL, write_recipe, write_station


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return recognising(tmp_path)


@pytest.fixture
def enrol(command: Command, tmp_path: Path, recipe: Path) -> Command:
    return partial(enrol_variants, command, tmp_path, recipe)


def test_the_gallery_is_listed_exported_and_forgets(
    tmp_path: Path, recipe: Path, enrol: Command, command: Command
) -> None:
    enrol("--keep-images")
    gallery = partial(command, "gallery")
    listed = gallery("list", "--recipe", recipe).out.splitlines()
    assert [line.split("  ")[:2] for line in listed] == [
        ["variant-a", "3 examples, 3 images, last " + listed[0].split()[-1]],
        ["variant-b", "3 examples, 3 images, last " + listed[1].split()[-1]],
    ]
    told = json.loads(gallery("export", "--recipe", recipe, "--name", "variant-a").out)
    assert [entry["name"] for entry in told["entries"]] == ["variant-a"] * 3

    removed = gallery("remove", "variant-a", "--recipe", recipe)
    assert removed.out == "variant-a: 3 examples removed; 1 enrolled\n"
    assert b"variant-a" not in (tmp_path / "galleries" / "variants.gallery").read_bytes()
    assert gallery("remove", "variant-a", "--recipe", recipe).status == 11
    (message,) = inspected(command, tmp_path, recipe, pictures(tmp_path / "parts", a=1)).values()
    assert "name" not in message["identities"][0]
    assert gallery("remove", "variant-b", "--recipe", recipe).status == 0
    assert "nobody is enrolled any more" in gallery("list", "--recipe", recipe).out


def test_an_encrypted_gallery_works_and_shows_no_name(
    tmp_path: Path, recipe: Path, enrol: Command, command: Command
) -> None:
    (tmp_path / "gallery.key").write_bytes(Fernet.generate_key())
    recipe_of(tmp_path, who(gallery_key_file="gallery.key"))
    enrol()

    assert b"variant" not in (tmp_path / "galleries" / "variants.gallery").read_bytes()
    got = inspected(command, tmp_path, recipe, pictures(tmp_path / "parts", right=2, wrong=1))
    assert {name: message["judgement"] for name, message in got.items()} == {"right": "OK", "wrong": "NG"}
    recipe_of(tmp_path, who())
    refused = command("gallery", "list", "--recipe", recipe)
    assert (refused.status, "is encrypted" in refused.err) == (11, True)


def test_another_embedder_than_enrolled_with_is_refused(
    tmp_path: Path, recipe: Path, enrol: Command, command: Command
) -> None:
    enrol()
    make_embed_bundle(tmp_path / "embed.zip", threshold=0.5)
    pictures(tmp_path / "parts", right=2)
    arguments = [*FRUGAL, "--recipe", recipe]

    for outcome in (
        command("replay", *arguments, "--out", tmp_path / "out.jsonl", tmp_path / "parts"),
        command("enrol", *arguments, "--name", "variant-a", tmp_path / "parts" / "right.png"),
    ):
        assert outcome.status == 11
        assert "expected embeddings of the bundle" in outcome.err


def test_mistakes_are_told_with_their_remedy(
    tmp_path: Path, recipe: Path, enrol: Command, command: Command
) -> None:
    picture = pictures(tmp_path / "parts", right=2) / "right.png"
    replay = partial(command, "replay", *FRUGAL, "--recipe", recipe, "--out", tmp_path / "o", picture.parent)

    none = replay()
    assert (none.status, "enrol somebody with" in none.err) == (78, True)
    enrol()
    recipe_of(tmp_path, who(expected=["variant-c"]))
    assert "nobody is enrolled as 'variant-c'; did you mean" in replay().err
    run = partial(command, "enrol", *FRUGAL, "--recipe", recipe)
    assert run("--name", "a", tmp_path / "no.png").status == 6
    assert run("--name", " a", picture).status == 2
    assert run("--name", "a", "--step", "other", picture).status == 2
    assert "expected 1 to 100 characters" in run("--name", "", picture).err
    surface = write_recipe(tmp_path / "parts")
    assert (
        "got none; give the recipe that has a gallery" in command("gallery", "list", "--recipe", surface).err
    )


def test_check_looks_into_the_gallery(tmp_path: Path, recipe: Path, enrol: Command, command: Command) -> None:
    nobody = command("check", recipe)
    assert (nobody.status, "a station needs somebody in it" in nobody.out) == (0, True)
    enrol()
    assert f"gallery variants: {len(VARIANTS)} enrolled" in command("check", recipe).out
    recipe_of(tmp_path, who(expected=["variant-c"]))
    assert command("check", recipe).status == 78
    (tmp_path / "galleries" / "variants.gallery").write_bytes(b"something else")
    assert command("check", recipe).status == 11


def test_one_picture_that_does_not_serve_enrols_none(tmp_path: Path, recipe: Path, command: Command) -> None:
    make_embed_bundle(tmp_path / "embed.zip", min_sharpness=50)
    folder = pictures(tmp_path / "parts", a=1)
    cv2.imwrite(str(folder / "flat.png"), np.full((64, 64, 3), 90, np.uint8))

    refused = command(
        "enrol", *FRUGAL, "--recipe", recipe, "--name", "a", folder / "a.png", folder / "flat.png"
    )

    assert refused.status == 1
    assert "flat.png: not good enough to enrol: a sharpness of 0 is blurred" in refused.err
    assert not (tmp_path / "galleries").exists()


def test_the_doctor_says_that_nobody_is_enrolled(tmp_path: Path, recipe: Path, command: Command) -> None:
    station_file = write_station(tmp_path, {"source": "sample:1"})
    recipe_of(tmp_path, who())

    outcome = command("doctor", "-c", station_file)

    assert outcome.status == 10
    assert "expected a gallery at" in outcome.out
    assert recipe.is_file()
