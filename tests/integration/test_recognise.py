"""Enrolling, recognising, classifying and explaining, through the real engines and the command line."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography.fernet import Fernet

from tests.bundles import dark_part
from tests.daemons import broker, results, station
from tests.detectbundles import bright, make_cell_bundle, with_dark
from tests.embedbundles import make_classify_bundle, make_embed_bundle, pattern
from tests.integration.conftest import Command, Outcome
from tests.mosquitto import needs_mosquitto
from tests.stations import FRUGAL, check_message, write_recipe, write_station

VARIANTS = {"variant-a": 1, "variant-b": 2}
STRANGER = 3


def recipe_of(folder: Path, step: dict[str, Any], **fields: Any) -> Path:
    content = {"schema": "edgevision.recipe/1", "name": "parts", "version": "1.0", "tasks": [step]} | fields
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    make_embed_bundle(tmp_path / "embed.zip")
    return recipe_of(tmp_path, who())


def who(**fields: Any) -> dict[str, Any]:
    step = {"name": "variant", "task": "recognise", "bundle": "embed.zip", "gallery": "variants"}
    return step | {"expected": ["variant-b"]} | fields


def pictures(folder: Path, **seeds: int) -> Path:
    folder.mkdir(exist_ok=True)
    for name, seed in seeds.items():
        cv2.imwrite(str(folder / f"{name}.png"), pattern(seed, 64, noise=12))
    return folder


@pytest.fixture
def enrol(command: Command, tmp_path: Path, recipe: Path) -> Command:
    """Enrol three pictures of each variant; further arguments are for the command."""

    def run(*arguments: str) -> Outcome:
        for name, seed in VARIANTS.items():
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            images = [folder / f"{number}.png" for number in range(3)]
            for number, image in enumerate(images):
                cv2.imwrite(str(image), pattern(seed, 64 + 8 * number, noise=10))
            outcome = command("enrol", *FRUGAL, "--recipe", recipe, "--name", name, *arguments, *images)
            assert outcome.status == 0, outcome.err
        return outcome

    return run


def inspected(command: Command, folder: Path, recipe: Path, source: Path) -> dict[str, dict[str, Any]]:
    out = folder / "out.jsonl"
    outcome = command("replay", *FRUGAL, "--recipe", recipe, "--out", out, source)
    assert outcome.status == 0, outcome.err
    messages = [json.loads(line) for line in out.read_bytes().splitlines()]
    for message in messages:
        check_message("result", message)
    return {Path(message["file"]).stem: message for message in messages}


def test_a_wrong_variant_is_ng_and_a_stranger_is_unknown(
    tmp_path: Path, recipe: Path, enrol: Command, command: Command
) -> None:
    assert enrol().out == "variant-b: 3 added, 3 in all; 2 enrolled\n"

    parts = pictures(tmp_path / "parts", right=2, wrong=1, stranger=STRANGER)
    got = inspected(command, tmp_path, recipe, parts)

    assert {name: message["judgement"] for name, message in got.items()} == {
        "right": "OK",
        "wrong": "NG",
        "stranger": "NG",
    }
    assert got["wrong"]["reason"].startswith("expected variant-b, got variant-a at (32, 32) with score ")
    assert "got an unknown one" in got["stranger"]["reason"]
    (identity,) = got["right"]["identities"]
    assert (identity["task"], identity["name"], identity["box_xyxy"]) == (
        "variant",
        "variant-b",
        [0, 0, 64, 64],
    )
    assert "name" not in got["stranger"]["identities"][0]


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
    assert (nobody.status, "gallery variants: nobody is enrolled" in nobody.out) == (0, True)
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


def test_what_a_detector_finds_is_told_one_by_one(
    tmp_path: Path, recipe: Path, enrol: Command, command: Command
) -> None:
    make_cell_bundle(tmp_path / "cells.zip")
    enrol()
    recipe_of(tmp_path, who(detector="cells.zip", expected="known"))
    parts = tmp_path / "parts"
    parts.mkdir()
    cv2.imwrite(str(parts / "two.png"), with_dark(bright(), (0, 0, 8, 8), (40, 40, 48, 48)))
    cv2.imwrite(str(parts / "none.png"), bright())

    got = inspected(command, tmp_path, recipe, parts)

    assert sorted(found["box_xyxy"] for found in got["two"]["identities"]) == [[0, 0, 8, 8], [40, 40, 48, 48]]
    assert [reason["code"] for reason in got["two"]["reasons"]] == ["unknown", "unknown"]
    assert (got["none"]["judgement"], got["none"]["identities"]) == ("OK", [])
    assert "found by cells 1.0.0" in command("check", recipe).out


def test_an_embedder_for_faces_needs_a_detector_with_landmarks(
    tmp_path: Path, recipe: Path, command: Command
) -> None:
    face = ((10, 12), (22, 12), (16, 18), (11, 25), (21, 25))
    make_embed_bundle(tmp_path / "embed.zip", landmarks_xy=face)
    make_cell_bundle(tmp_path / "cells.zip")

    assert "tasks[0].detector: missing, but bundle tiny-embed aligns" in command("check", recipe).err
    recipe_of(tmp_path, who(detector="cells.zip"))
    assert "bundle cells finds none, but bundle tiny-embed aligns" in command("check", recipe).err


def test_classes_are_judged_and_reported(tmp_path: Path, command: Command) -> None:
    make_classify_bundle(tmp_path / "classify.zip", temperature=0.1)
    step = {"name": "kind", "task": "classify", "bundle": "classify.zip", "expected": ["bright"]}
    parts = tmp_path / "parts"
    parts.mkdir()
    for name, grey in (("good", 220), ("bad", 20), ("between", 128)):
        cv2.imwrite(str(parts / f"{name}.png"), np.full((50, 70, 3), grey, np.uint8))
    recipe = recipe_of(tmp_path, step, grey_band={"low": 0.2, "high": 0.8})

    got = inspected(command, tmp_path, recipe, parts)

    judged = {name: message["judgement"] for name, message in got.items()}
    assert judged == {"good": "OK", "bad": "NG", "between": "ND"}
    assert got["bad"]["reason"] == "expected bright, got dark with probability 1.00"
    assert [entry["class"] for entry in got["bad"]["classes"]] == ["dark", "bright"]
    recipe_of(tmp_path, step | {"expected": ["brigth"]})
    assert "has no class 'brigth'; did you mean" in command("check", recipe).err


def hottest(image: Path, explained: Path) -> tuple[int, int]:
    """Return x and y of where the explanation, below its banner, changed the picture most."""
    before, after = (np.asarray(cv2.imread(str(path)), np.int64) for path in (image, explained))
    change = np.abs(after[len(after) - len(before) :] - before).sum(axis=2).astype(np.float32)
    change = cv2.blur(change, (9, 9))
    y, x = np.unravel_index(change.argmax(), change.shape)
    return int(x), int(y)


def test_explanations_show_where_the_models_looked(tmp_path: Path, command: Command) -> None:
    make_classify_bundle(tmp_path / "classify.zip")
    image, out = tmp_path / "part.png", tmp_path / "why.png"
    picture = np.full((240, 320, 3), 140, np.uint8)
    picture[150:210, 200:280] = 255
    cv2.imwrite(str(image), picture)
    step = {"name": "kind", "task": "classify", "bundle": "classify.zip", "expected": ["dark"]}
    recipe = recipe_of(tmp_path, step)

    outcome = command("explain", *FRUGAL, image, "--recipe", recipe, "--out", out)

    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("NG expected dark, got bright")
    x, y = hottest(image, out)
    assert 190 < x < 290
    assert 140 < y < 220


def test_a_segment_step_is_explained_by_its_scores(tmp_path: Path, command: Command) -> None:
    image, out = tmp_path / "part.png", tmp_path / "why.png"
    cv2.imwrite(str(image), dark_part((320, 240), defective=True))

    outcome = command("explain", *FRUGAL, image, "--recipe", write_recipe(tmp_path), "--out", out)

    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("NG 1 crack found")
    assert cv2.imread(str(out)) is not None
    again = partial(command, "explain", *FRUGAL, image, "--recipe", write_recipe(tmp_path), "--out")
    assert again(tmp_path).status == 8
    before = image.read_bytes()
    assert again(image).status == 2
    assert image.read_bytes() == before


def test_the_doctor_says_that_nobody_is_enrolled(tmp_path: Path, recipe: Path, command: Command) -> None:
    station_file = write_station(tmp_path, {"source": "sample:1"})
    recipe_of(tmp_path, who())

    outcome = command("doctor", "-c", station_file)

    assert outcome.status == 10
    assert "expected a gallery at" in outcome.out
    assert recipe.is_file()


@pytest.mark.broker
@needs_mosquitto
def test_a_wrong_part_is_ng_over_mqtt(tmp_path: Path, recipe: Path, enrol: Command) -> None:
    enrol()
    parts = pictures(tmp_path / "parts", one=2, two=1, three=2)
    with broker() as (mosquitto, subscriber):
        path = write_station(tmp_path, {"source": str(parts)}, port=mosquitto.port)
        recipe_of(tmp_path, who())
        with station(path):
            messages = results(subscriber, count=3)

    judged = {message["file"]: (message["judgement"], message["reason"]) for message in messages}
    assert judged["one.png"] == judged["three.png"] == ("OK", "")
    assert judged["two.png"][0] == "NG"
    assert judged["two.png"][1].startswith("expected variant-b, got variant-a")
