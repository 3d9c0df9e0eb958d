"""Recognising and classifying through the real engines and the command line."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.daemons import broker, results, station
from tests.detectbundles import bright, make_cell_bundle, with_dark
from tests.embedbundles import make_classify_bundle, make_embed_bundle
from tests.integration.conftest import Command
from tests.integration.variants import enrol_variants, inspected, pictures, recipe_of, recognising, who
from tests.mosquitto import needs_mosquitto
from tests.stations import write_station

STRANGER = 3


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return recognising(tmp_path)


@pytest.fixture
def enrol(command: Command, tmp_path: Path, recipe: Path) -> Command:
    return partial(enrol_variants, command, tmp_path, recipe)


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
