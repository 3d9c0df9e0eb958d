from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.bench.recipe import write_recipe
from edgevision.build import Models
from edgevision.bundle.archive import open_bundle
from edgevision.config.bundles import open_bundles
from edgevision.config.station import EngineSettings
from edgevision.errors import CaptureError
from edgevision.recipe import DetectStep, SegmentStep
from edgevision.types import ImageBgr, Judgement
from tests.bundles import make_bundle
from tests.detectbundles import make_cell_bundle
from tests.embedbundles import make_classify_bundle, make_embed_bundle
from tests.unit.recipes import make_frame
from tests.videos import grey_step, write_video


def test_the_recipe_stretches_the_whole_frame_and_allows_no_defect_of_any_label(tmp_path: Path) -> None:
    file = make_bundle(tmp_path / "tiny.zip", labels=("background", "crack", "oil stain"))

    loaded = write_recipe(tmp_path, file, open_bundle(file).manifest, tmp_path / "belt.avi")

    (step,) = loaded.recipe.tasks
    assert isinstance(step, SegmentStep)
    assert (step.scaling, step.region) == ("stretch", None)
    assert [(rule.label, rule.max_count) for rule in loaded.recipe.rules] == [("crack", 0), ("oil stain", 0)]


def test_boxes_are_read_in_the_whole_frame_too(tmp_path: Path) -> None:
    file = make_cell_bundle(tmp_path / "cells.zip")

    (step,) = write_recipe(tmp_path, file, open_bundle(file).manifest, tmp_path / "belt.avi").recipe.tasks

    assert isinstance(step, DetectStep)
    assert (step.scaling, step.score_threshold, step.reference) == ("stretch", 1.0, None)


@pytest.mark.parametrize("make", [make_embed_bundle, make_classify_bundle])
def test_embedders_and_classifiers_run_on_the_whole_frame(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    file = make(tmp_path / "tiny.zip")

    loaded = write_recipe(tmp_path, file, open_bundle(file).manifest, tmp_path / "belt.avi")
    models = Models(loaded, EngineSettings(name="onnxruntime", precision="fp32"), 1)

    try:
        assert models.inspector("bench").inspect(make_frame()).verdict.judgement is Judgement.OK
    finally:
        models.close()


def test_pairs_are_made_with_the_first_frame(tmp_path: Path) -> None:
    file, video = make_cell_bundle(tmp_path / "cells.zip", pair=True), write_video(tmp_path / "belt.avi")

    (step,) = write_recipe(tmp_path, file, open_bundle(file).manifest, video).recipe.tasks

    assert isinstance(step, DetectStep)
    assert step.reference is not None
    assert grey_step(read_picture(step.reference)) == 0


def test_pairs_need_a_video_that_can_be_read(tmp_path: Path) -> None:
    file = make_cell_bundle(tmp_path / "cells.zip", pair=True)

    with pytest.raises(CaptureError, match="no frame can be read"):
        write_recipe(tmp_path, file, open_bundle(file).manifest, tmp_path / "absent.avi")


def read_picture(path: str) -> ImageBgr:
    return np.asarray(cv2.imread(path), np.uint8)


def test_the_recipe_finds_its_bundle_from_another_folder(tmp_path: Path) -> None:
    file = make_bundle(tmp_path / "tiny.zip")
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    loaded = write_recipe(folder, file, open_bundle(file).manifest, tmp_path / "belt.avi")

    assert [bundle.sha256 for bundle in open_bundles(loaded)] == [open_bundle(file).sha256]
