"""Cascades, with an engine that sees what is dark as class 1 and counts how often it is asked."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.errors import InspectionError
from edgevision.recipe import SegmentStep
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Findings, Frame, ModelRef
from tests.bundles import bundle_parts

MODEL = ModelRef("surface", "tiny", "1.0.0", "0" * 64, "fp32", "fake", "cpu")
Box = tuple[int, int, int, int]


class Eye:
    """Runs one step on frames, and counts the calls of its engine."""

    def __init__(self, cascade: dict[str, Any] | None, stride: int = 1, **step: Any) -> None:
        self.calls, self._stride = 0, stride
        fields, _ = bundle_parts((64, 64), ("background", "crack"))
        spec = Manifest.model_validate(fields | {"outputs": [{"name": "classes"}]})
        limits = {"max_miss_rate": 0.01, "measured": "m.json"}
        fields = {"name": "surface", "bundle": "tiny.zip", "tile_overlap_px": 16} | step
        if cascade is not None:
            fields |= {"cascade": limits | cascade}
        self._task = SegmentTask(SegmentStep.model_validate(fields), spec, FakeEngine(self._dark), MODEL)

    def sees(self, frame: Frame) -> Findings:
        self.calls = 0
        return self._task.run(frame)

    def _dark(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        self.calls += 1
        steps = slice(None, None, self._stride)
        dark = 1.0 - batch[:, steps, steps, :1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        return np.concatenate((1 - dark, dark), axis=1)


def frame_of(width: int, height: int, *boxes_xyxy: Box) -> Frame:
    image = np.full((height, width, 3), 255, np.uint8)
    for left, top, right, bottom in boxes_xyxy:
        image[top:bottom, left:right] = 0
    return Frame(image, "cam1", 0, 0, 0)


def class_map(found: Findings) -> npt.NDArray[np.uint8]:
    assert found.class_map is not None
    return found.class_map


def boxes(found: Findings) -> list[Box]:
    return sorted(defect.box_xyxy for defect in found.defects)


@pytest.mark.parametrize("size_wh", [(640, 480), (500, 300), (301, 600), (40, 400), (600, 50)])
@pytest.mark.parametrize("stride", [1, 4])
def test_a_cascade_finds_what_looking_at_every_tile_finds_with_fewer_calls(
    size_wh: tuple[int, int], stride: int
) -> None:
    width, height = size_wh
    spots = [(width // 3, height // 3, width // 3 + 12, height // 3 + 20), (0, 0, 12, 12)]
    frame = frame_of(width, height, *spots)
    every, cascade = Eye(None, stride), Eye({"margin_px": 16}, stride)

    expected, got = every.sees(frame), cascade.sees(frame)

    assert boxes(got) == boxes(expected) != []
    assert np.array_equal(class_map(got), class_map(expected))
    assert got.score_max == pytest.approx(expected.score_max, abs=1e-5)
    assert cascade.calls < every.calls


def test_where_the_first_look_sees_nothing_there_is_no_second() -> None:
    cascade = Eye({"scale": 0.2})

    found = cascade.sees(frame_of(640, 480))

    assert cascade.calls == 6
    assert found.defects == ()
    assert found.score_max == 0.0
    assert not class_map(found).any()


def test_what_scores_too_little_in_the_first_look_is_background() -> None:
    frame = frame_of(640, 480, (300, 200, 302, 202))

    assert boxes(Eye({"scale": 0.375, "min_score": 0.9}).sees(frame)) == []
    assert boxes(Eye({"scale": 0.375, "min_score": 0.02}).sees(frame)) == [(300, 200, 302, 202)]


def test_the_margin_says_how_far_around_it_is_looked() -> None:
    frame = frame_of(640, 480, (310, 230, 330, 250))
    narrow, wide, every = Eye({"margin_px": 0}), Eye({"margin_px": 100}), Eye(None)

    assert boxes(narrow.sees(frame)) == boxes(wide.sees(frame)) == boxes(every.sees(frame))
    assert narrow.calls < wide.calls < every.calls


def test_a_first_look_that_would_save_nothing_is_left_out() -> None:
    every, cascade = Eye(None), Eye({"scale": 0.75})
    frame = frame_of(100, 64, (10, 10, 30, 30))

    assert boxes(cascade.sees(frame)) == boxes(every.sees(frame))
    assert cascade.calls == every.calls == 2


def test_the_scale_of_the_step_counts_for_both_looks() -> None:
    frame = frame_of(1280, 960, (600, 400, 640, 440))
    every, cascade = Eye(None, scale=0.5), Eye({"margin_px": 16}, scale=0.5)

    assert boxes(cascade.sees(frame)) == boxes(every.sees(frame))
    assert cascade.calls < every.calls


def test_a_region_too_small_for_the_first_look_is_refused() -> None:
    with pytest.raises(InspectionError, match="smaller than the model's input") as caught:
        Eye({"scale": 0.2}, scale=0.5).sees(frame_of(200, 200))
    assert "the first look, at the step's scale 0.5 times its cascade's scale 0.2" in str(caught.value)
