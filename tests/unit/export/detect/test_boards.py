from collections import Counter

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import cv2

from edgevision.errors import UsageError
from edgevision.ops.boxes import iou_matrix
from export.detect.boards.flaws import LABELS, MARGIN_PX, add_flaw
from export.detect.boards.sample import drawn_board, flawed_board, golden_boards

pytestmark = pytest.mark.export

NOTHING = np.zeros((0, 4), np.float32)


def two_tracks() -> np.ndarray:
    """Two conductors, 20 pixels broad and 24 apart, and a large patch of copper."""
    copper = np.zeros((200, 200), np.uint8)
    copper[40:60] = copper[84:104] = copper[140:190] = 255
    return copper


def pieces(copper: np.ndarray) -> int:
    return int(cv2.connectedComponents(copper)[0]) - 1


def flawed(label: str, seed: int) -> np.ndarray:
    flaw = add_flaw(np.random.default_rng(seed), two_tracks(), LABELS.index(label), NOTHING)
    assert flaw is not None
    return flaw.copper


@pytest.mark.parametrize(
    ("label", "more_pieces", "adds"),
    [
        ("open", 1, False),
        ("short", -1, True),
        ("mousebite", 0, False),
        ("spur", 0, True),
        ("copper", 1, True),
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_a_flaw_does_to_the_conductors_what_its_name_says(
    label: str, more_pieces: int, adds: bool, seed: int
) -> None:
    after = flawed(label, seed)

    assert pieces(after) == pieces(two_tracks()) + more_pieces
    assert (after.astype(int).sum() > two_tracks().astype(int).sum()) == adds


def test_a_pin_hole_is_surrounded_by_copper() -> None:
    after = flawed("pin-hole", 0)

    assert pieces(255 - after) == pieces(255 - two_tracks()) + 1


def test_a_box_reaches_a_margin_beyond_what_changed() -> None:
    flaw = add_flaw(np.random.default_rng(3), two_tracks(), LABELS.index("copper"), NOTHING)
    assert flaw is not None

    rows, columns = np.nonzero(flaw.copper != two_tracks())
    low = np.array([columns.min(), rows.min()]) - MARGIN_PX
    high = np.array([columns.max(), rows.max()]) + 1 + MARGIN_PX
    np.testing.assert_array_equal(flaw.box_xyxy, np.clip([*low, *high], 0, 200))


def test_no_place_is_no_flaw() -> None:
    assert add_flaw(np.random.default_rng(0), np.zeros((200, 200), np.uint8), 0, NOTHING) is None


def test_boards_show_all_flaws_apart_from_each_other_and_nothing_else() -> None:
    seen = Counter[int]()
    for number in range(8):
        board = drawn_board(5, number)
        assert board.reference_bgr is not None
        differs = (board.image_bgr != board.reference_bgr).any(2)
        for left, top, right, bottom in board.boxes_xyxy.astype(int):
            assert differs[top:bottom, left:right].sum() > 10
            differs[top:bottom, left:right] = False
        assert differs.mean() < 0.02  # ragged edges, another one in every picture
        overlaps = iou_matrix(board.boxes_xyxy, board.boxes_xyxy) - np.eye(len(board.boxes_xyxy))
        assert overlaps.max() < 1e-6
        seen.update(board.class_ids.tolist())
    assert set(seen) == set(range(len(LABELS)))


def test_a_board_follows_from_seed_and_number() -> None:
    first, again, other = drawn_board(1, 2), drawn_board(1, 2), drawn_board(1, 3)

    np.testing.assert_array_equal(first.image_bgr, again.image_bgr)
    np.testing.assert_array_equal(first.boxes_xyxy, again.boxes_xyxy)
    assert (first.image_bgr != other.image_bgr).any()
    assert set(np.unique(first.image_bgr)) == {0, 255}


def test_good_boards_have_no_flaw() -> None:
    good = drawn_board(1, 2, is_good=True)

    assert good.reference_bgr is not None
    assert len(good.boxes_xyxy) == 0
    assert (good.image_bgr != good.reference_bgr).mean() < 0.02


def test_golden_boards_are_good_and_flawed_and_for_models_of_flaws_alone() -> None:
    flawed = [len(board.class_ids) > 0 for board in golden_boards(LABELS)]

    assert sum(flawed) >= 12
    assert sum(not one for one in flawed) >= 12
    with pytest.raises(UsageError, match="the model knows cell"):
        golden_boards(("cell",))


def test_a_good_board_gets_flaws_within_their_boxes_only() -> None:
    good = drawn_board(5, 0, is_good=True).image_bgr

    flawed_sample, again = flawed_board(1, 7, good), flawed_board(1, 7, good)

    assert len(flawed_sample.class_ids) >= 3
    assert flawed_sample.reference_bgr is good
    assert (flawed_sample.image_bgr == again.image_bgr).all()
    changed = (flawed_sample.image_bgr != good).any(axis=2)
    for left, top, right, bottom in flawed_sample.boxes_xyxy.astype(int).tolist():
        assert changed[top:bottom, left:right].any()
        changed[top:bottom, left:right] = False
    assert not changed.any()
