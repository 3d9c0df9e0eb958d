"""Where a detect task finds a thing: through scaling, bars, tiles and regions, in pixels of the frame."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.errors import InspectionError
from tests.detectbundles import SIZE_WH, bright, with_dark
from tests.unit.tasks.detecting import Batch, Box, boxes_of, frame, spec, task


@pytest.mark.parametrize("scaling", ["letterbox", "stretch"])
@pytest.mark.parametrize("size_wh", [(640, 480), (200, 300), (64, 64), (40, 30), (999, 333)])
def test_boxes_come_back_from_the_models_input_to_the_frame(scaling: str, size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    box = (width // 4, height // 4, width // 2, height // 2)

    findings = task(scaling=scaling).run(frame(with_dark(bright(size_wh), box)))

    pixel = max(width, height) / SIZE_WH[0]
    (found,) = boxes_of(findings)
    assert found == pytest.approx(box, abs=pixel + 1)


def test_bars_are_not_the_part_and_nothing_in_them_is_a_defect() -> None:
    def everywhere(_: Batch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        boxes = [(0, 0, 64, 8), (0, 12, 64, 40), (0, 56, 64, 64)]
        return np.array([boxes], np.float32), np.full((1, 3, 2), 0.9, np.float32)

    found = boxes_of(task(everywhere, scaling="letterbox").run(frame(bright((128, 64)))))

    assert found == [(0, 0, 128, 48), (0, 0, 128, 48)]  # One of each class, cut at the frame.


@pytest.mark.parametrize("box", [(100, 90, 130, 110), (2, 2, 20, 20), (300, 200, 319, 239), (40, 30, 72, 60)])
def test_tiles_find_a_thing_once_where_it_is(box: Box) -> None:
    findings = task(scaling="tile", tile_overlap_px=36).run(frame(with_dark(bright((320, 240)), box)))

    assert boxes_of(findings) == [box]


def test_a_thing_larger_than_a_tile_is_put_together() -> None:
    box = (20, 100, 300, 130)

    findings = task(scaling="tile", tile_overlap_px=24).run(frame(with_dark(bright((320, 240)), box)))

    assert boxes_of(findings) == [box]


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_tiles_may_look_at_another_scale(scale: float) -> None:
    image = with_dark(bright((320, 240)), (100, 80, 140, 120))

    (found,) = boxes_of(task(scaling="tile", scale=scale).run(frame(image)))

    assert found == pytest.approx((100, 80, 140, 120), abs=2)


def test_a_scale_that_leaves_less_than_one_input_decides_nothing() -> None:
    image = with_dark(bright((320, 240)), (100, 80, 140, 120))

    with pytest.raises(InspectionError, match=r"scale 0\.15 makes 320 x 240 .* expected 0\.2 or more"):
        task(scaling="tile", scale=0.15).run(frame(image))
    assert boxes_of(task(scaling="tile", scale=0.2).run(frame(image)))


def test_a_frame_smaller_than_a_tile_gets_bars() -> None:
    findings = task(scaling="tile").run(frame(with_dark(bright((40, 30)), (10, 10, 20, 20))))

    assert boxes_of(findings) == [(10, 10, 20, 20)]


def test_what_the_recipe_leaves_out_is_as_the_bundle_was_trained() -> None:
    image = with_dark(bright((320, 240)), (100, 90, 130, 110))

    findings = task(manifest=spec(scaling="tile", scale=2.0)).run(frame(image))

    assert boxes_of(findings) == [(100, 90, 130, 110)]


def test_only_the_region_is_looked_at() -> None:
    image = with_dark(bright((200, 100)), (10, 10, 20, 20), (110, 50, 120, 60))

    findings = task(region={"rectangle_xyxy": (100, 30, 164, 94)}).run(frame(image))

    assert boxes_of(findings) == [(110, 50, 120, 60)]


def test_of_a_polygon_only_what_has_its_centre_inside_counts() -> None:
    image = with_dark(bright(), (10, 10, 20, 20), (50, 50, 60, 60))
    region = {"polygon_xy": [(0, 0), (63, 0), (0, 63)]}

    findings = task(region=region).run(frame(image))
    outside = task(region=region).run(frame(with_dark(bright(), (50, 50, 60, 60))))

    assert boxes_of(findings) == [(10, 10, 20, 20)]
    assert (outside.defects, outside.score_max) == ((), 0.0)


def test_a_region_beyond_the_frame_cannot_be_decided() -> None:
    with pytest.raises(InspectionError, match=r"region \[0, 0, 65, 20\]"):
        task(region={"rectangle_xyxy": (0, 0, 65, 20)}).run(frame(bright()))
