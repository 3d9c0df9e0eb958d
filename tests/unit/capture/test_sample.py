"""The sample line: the same parts every time, and a truth that fits the picture."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgevision.capture.sample import CLASS_NAMES, LINE, WIDE, mark_pattern, render_part, variant_name
from edgevision.types import Frame, Judgement

PARTS = 120


@pytest.fixture(scope="module")
def line() -> list[Frame]:
    return [render_part(1, index) for index in range(PARTS)]


def class_map_of(frame: Frame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    assert frame.truth is not None
    assert frame.truth.class_map is not None
    return frame.truth.class_map


def test_a_part_is_the_same_in_any_order(line: list[Frame]) -> None:
    for index in (77, 3, 40):
        again = render_part(1, index)
        np.testing.assert_array_equal(again.image_bgr, line[index].image_bgr)
        np.testing.assert_array_equal(class_map_of(again), class_map_of(line[index]))


def test_a_part_does_not_depend_on_the_number_of_threads(line: list[Frame]) -> None:
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        np.testing.assert_array_equal(render_part(1, 5).image_bgr, line[5].image_bgr)
    finally:
        cv2.setNumThreads(threads)


def test_other_seeds_and_indices_give_other_parts(line: list[Frame]) -> None:
    assert (render_part(2, 0).image_bgr != line[0].image_bgr).mean() > 0.5
    assert (line[1].image_bgr != line[0].image_bgr).mean() > 0.5


def test_frames_say_who_and_when(line: list[Frame]) -> None:
    frame = render_part(7, 123, camera="left")
    assert (frame.camera, frame.frame_id, frame.part_id) == ("left", 123, "S7-000123")
    assert (frame.wall_ns, frame.captured_ns) == (12_300_000_000, 0)
    assert {frame.size_wh for frame in line} == {(640, 480)}


def test_a_part_is_good_exactly_when_it_has_no_flaw(line: list[Frame]) -> None:
    for frame in line:
        assert frame.truth is not None
        assert (frame.truth.judgement is Judgement.NG) == bool(class_map_of(frame).any())


def test_about_two_parts_in_five_are_defective_and_every_class_occurs(line: list[Frame]) -> None:
    maps = np.stack([class_map_of(frame) for frame in line])
    assert 0.25 < maps.any(axis=(1, 2)).mean() < 0.55
    assert set(np.unique(maps).tolist()) == set(range(len(CLASS_NAMES)))


def test_every_flaw_is_large_enough_to_be_seen(line: list[Frame]) -> None:
    least = {1: 28, 2: 5, 3: 35}
    for frame in line:
        for class_id, least_px in least.items():
            mask = (class_map_of(frame) == class_id).astype(np.uint8)
            _, _, boxes, _ = cv2.connectedComponentsWithStats(cv2.dilate(mask, np.ones((5, 5))))
            assert all(np.hypot(box[2], box[3]) - 6 > least_px * 0.7 for box in boxes[1:])


def test_a_part_differs_from_its_flawless_twin_at_its_flaws_only(line: list[Frame]) -> None:
    flawless = replace(LINE, defect_rate=0)
    for frame in line[:40]:
        twin = render_part(1, frame.frame_id, look=flawless)
        flaws = class_map_of(frame)
        assert twin.truth is not None
        assert twin.truth.judgement is Judgement.OK
        changed = np.abs(frame.image_bgr.astype(int) - twin.image_bgr.astype(int)).max(axis=2) > 8
        assert not changed[cv2.dilate(flaws, np.ones((9, 9))) == 0].any()
        assert changed[flaws > 0].mean() > 0.8 if flaws.any() else True


def test_every_flaw_stands_out_from_its_surroundings(line: list[Frame]) -> None:
    for frame in line:
        grey = cv2.cvtColor(frame.image_bgr, cv2.COLOR_BGR2GRAY)
        flaws = (class_map_of(frame) > 0).astype(np.uint8)
        count, labels = cv2.connectedComponents(flaws, connectivity=8)
        sizes = np.bincount(labels.ravel(), minlength=count)
        for label in np.flatnonzero(sizes >= 15)[1:]:
            flaw = labels == label
            near = (cv2.dilate(flaw.astype(np.uint8), np.ones((15, 15))) > 0) & (
                cv2.dilate(flaws, np.ones((5, 5))) == 0
            )
            assert abs(float(np.median(grey[flaw])) - float(np.median(grey[near]))) > 15


def test_the_part_and_its_flaws_lie_in_the_central_square(line: list[Frame]) -> None:
    for frame in line:
        class_map = class_map_of(frame)
        assert not class_map[:, :80].any()
        assert not class_map[:, 560:].any()
        # The belt is darker than any part: what is bright belongs to the part.
        bright = cv2.medianBlur(frame.image_bgr, 5).max(axis=2) > 150
        assert not bright[:, :80].any()
        assert not bright[:, 560:].any()


def test_all_marks_occur_and_are_named(line: list[Frame]) -> None:
    assert {frame.truth.variant for frame in line if frame.truth} == set("ABCDEF")


def test_marks_of_hundreds_of_variants_differ_clearly() -> None:
    marks = np.stack([mark_pattern(variant)[18:120:12, 18:120:12].ravel() > 0 for variant in range(300)])
    distances = (marks[:, None] != marks[None]).sum(axis=2)
    assert distances[np.triu_indices(300, 1)].min() >= 10
    assert [variant_name(n) for n in (0, 5, 25, 26, 27, 702)] == ["A", "F", "Z", "AA", "AB", "AAA"]


def test_the_wide_look_also_fills_whole_frames() -> None:
    frames = [render_part(3, index, look=WIDE) for index in range(40)]
    without_mark = [frame for frame in frames if frame.truth and frame.truth.variant is None]
    assert 4 < len(without_mark) < 30
    assert any(class_map_of(frame)[:, :80].any() for frame in without_mark)
