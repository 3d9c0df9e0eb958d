"""Explaining through the command line: the picture shows where the models looked."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from tests.bundles import dark_part
from tests.embedbundles import make_classify_bundle
from tests.integration.conftest import Command
from tests.integration.variants import recipe_of
from tests.stations import FRUGAL, write_recipe


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
