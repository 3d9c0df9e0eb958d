from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.ops.draw import annotate
from edgevision.types import (
    Defect,
    Findings,
    Inspection,
    Judgement,
    Reason,
    RecipeRef,
    StageTimes,
    Verdict,
)

Image = npt.NDArray[np.uint8]
SIZES = [(640, 480), (1920, 1080), (64, 48), (300, 900)]


def _square(left: int, top: int, side: int, class_id: int = 1, px_per_mm: float | None = None) -> Defect:
    right, bottom = left + side, top + side
    outline = [[left, top], [right - 1, top], [right - 1, bottom - 1], [left, bottom - 1]]
    return Defect(
        label="crack",
        class_id=class_id,
        score=0.9,
        box_xyxy=(left, top, right, bottom),
        area_px=float(side * side),
        outline_xy=np.array(outline, np.int32),
        length_px=float(side),
        width_max_px=3.0,
        width_mean_px=2.0,
        px_per_mm=px_per_mm,
    )


def _inspection(
    judgement: Judgement, defects: Sequence[Defect] = (), text: str = "2 cracks found"
) -> Inspection:
    reasons = () if judgement is Judgement.OK else (Reason("count", text),)
    return Inspection(
        result_id="r",
        camera="cam1",
        frame_id=7,
        captured_ns=0,
        wall_ns=0,
        size_wh=(640, 480),
        recipe=RecipeRef("surface-crack", "1.0.0", "0" * 64),
        models=(),
        findings=(Findings("surface", tuple(defects)),),
        verdict=Verdict(judgement, reasons),
        times=StageTimes(),
    )


def _grey(size_wh: tuple[int, int]) -> Image:
    return np.full((size_wh[1], size_wh[0], 3), 128, np.uint8)


@pytest.mark.parametrize("size_wh", SIZES)
def test_the_picture_keeps_its_size_and_the_frame_stays_untouched(size_wh: tuple[int, int]) -> None:
    frame = _grey(size_wh)
    frame.flags.writeable = False
    drawn = annotate(frame, _inspection(Judgement.NG, [_square(10, 20, 15)]))
    assert drawn.shape == frame.shape
    assert drawn.dtype == np.uint8
    assert (frame == 128).all()


def test_a_frame_that_is_to_be_seen_whole_has_the_banner_above_it() -> None:
    frame = _grey((640, 480))
    drawn = annotate(frame, _inspection(Judgement.NG, [_square(300, 8, 20)]), is_whole=True)
    height = len(drawn) - len(frame)
    assert height > 40
    assert (drawn[:height] != 128).any(axis=2).mean() > 0.99
    assert np.array_equal(drawn[height:, :200], frame[:, :200])
    assert (drawn[height:] != frame).any(axis=2)[:40, 280:340].any()


def test_lamps_differ_in_shape_and_not_only_in_colour() -> None:
    lamps = []
    for judgement in Judgement:
        drawn = annotate(_grey((640, 480)), _inspection(judgement))
        lamp = drawn[4:42, 6:42].max(axis=2) > 120
        lamps.append(lamp)
        assert lamp.sum() > 200
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert (lamps[one] != lamps[other]).sum() > 60


def test_an_outline_is_drawn_around_the_defect_and_leaves_it_visible() -> None:
    frame = _grey((640, 480))
    drawn = annotate(frame, _inspection(Judgement.NG, [_square(300, 240, 20)]))
    changed = (drawn != frame).any(axis=2)
    assert not changed[240:260, 300:320].any()
    assert changed[232:268, 292:328].sum() > 60


def test_classes_have_their_own_colours() -> None:
    pictures = [
        annotate(_grey((640, 480)), _inspection(Judgement.NG, [_square(300, 240, 20, class_id)]))
        for class_id in (1, 2)
    ]
    assert (pictures[0] != pictures[1]).any(axis=2)[230:270, 290:330].sum() > 60


@pytest.mark.parametrize(
    ("left", "top", "side"), [(0, 0, 5), (635, 475, 5), (0, 0, 480), (630, 0, 10), (300, 50, 3)]
)
def test_defects_at_the_borders_can_be_drawn(left: int, top: int, side: int) -> None:
    frame = _grey((640, 480))
    assert (annotate(frame, _inspection(Judgement.NG, [_square(left, top, side)])) != frame).any()


def test_a_label_does_not_cover_a_neighbouring_defect() -> None:
    upper, lower = _square(200, 200, 30), _square(200, 240, 30)
    frame = _grey((640, 480))
    drawn = annotate(frame, _inspection(Judgement.NG, [lower, upper]))
    assert not (drawn != frame).any(axis=2)[205:225, 205:225].any()


def test_a_calibrated_defect_is_captioned_in_millimetres() -> None:
    pictures = [
        annotate(_grey((640, 480)), _inspection(Judgement.NG, [_square(300, 240, 20, 1, px_per_mm)]))
        for px_per_mm in (None, 10.0)
    ]
    assert (pictures[0] != pictures[1]).any()


def test_a_long_reason_stays_within_the_banner() -> None:
    frame = _grey((640, 480))
    drawn = annotate(frame, _inspection(Judgement.ND, text="the engine failed " * 30))
    assert np.array_equal(drawn[60:], frame[60:])
    assert (drawn[24:40, 632:] > 200).sum() == 0


def test_text_that_the_font_lacks_does_not_stop_drawing() -> None:
    drawn = annotate(_grey((640, 480)), _inspection(Judgement.NG, text="Riß gefunden: 合格"))
    assert drawn.shape == (480, 640, 3)


def test_hundreds_of_defects_can_be_drawn() -> None:
    defects = [_square(20 * i, 20 * j, 8) for i in range(30) for j in range(4, 20)]
    frame = _grey((640, 480))
    drawn = annotate(frame, _inspection(Judgement.NG, defects))
    assert (drawn[240:440] != frame[240:440]).any(axis=2).mean() > 0.1


def test_a_detectors_box_is_drawn_around_what_it_holds_with_class_and_score() -> None:
    hole = replace(_square(300, 240, 20, class_id=0), length_px=None, width_max_px=None, width_mean_px=None)
    frame = _grey((640, 480))

    changed = (annotate(frame, _inspection(Judgement.NG, [hole])) != frame).any(axis=2)

    assert not changed[240:260, 300:320].any()
    for edge in (changed[236:240, 300:320], changed[260:264, 300:320], changed[240:260, 296:300]):
        assert edge.any(axis=edge.shape.index(4)).all()
