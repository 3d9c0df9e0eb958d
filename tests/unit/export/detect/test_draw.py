import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from export.data.augment import Augmentation
from export.detect.boards.flaws import LABELS as FLAWS
from export.detect.boards.sample import drawn_board
from export.detect.canvas import Canvas, DetectView
from export.detect.config import DetectConfig
from export.detect.draw import Crops, Draw, batches
from export.detect.paperdraw import PaperDraw, constrained_crop, expanded
from export.detect.sample import BoxSample, BoxSet
from export.detect.state import DetectState
from export.detect.targets import IGNORED
from export.detect.trainer import draws_of
from export.train.device import Compute
from tests.boxes import LABELS, box_samples

pytestmark = pytest.mark.export

VIEW = DetectView(size_wh=(96, 64), color="BGR")
CALM = Augmentation(rotation_deg=0, scale=(0.8, 1.25))


def canvases(view: DetectView = VIEW) -> list[Canvas]:
    return [view.canvas(sample) for sample in box_samples(6)]


def test_boxes_follow_the_pixels_through_turns_mirrors_and_magnification() -> None:
    crops = Crops(size_wh=(48, 48), photograph=False, visible_share=1.0)
    draw = iter(Draw(canvases(), crops, CALM, (0, 0)))
    seen = 0

    for _ in range(60):
        drawn = next(draw)
        for box, class_id in zip(drawn.boxes_xyxy, drawn.class_ids, strict=True):
            if class_id == IGNORED:
                continue
            left, top, right, bottom = box.round().astype(int)
            inner = drawn.image[top + 2 : bottom - 2, left + 2 : right - 2].mean()
            assert (inner < 60) if class_id == 0 else (inner > 200)
            seen += 1
    assert seen > 10


def test_objects_that_are_mostly_cut_off_are_ignored_not_background() -> None:
    crops = Crops(size_wh=(32, 32), photograph=False, visible_share=0.9)
    drawn = next(batches(Draw(canvases(), crops, CALM, (0, 0)), 40, 1))

    assert any((ids == IGNORED).any() for ids in drawn.class_ids)
    assert all((box[:, 2:] > box[:, :2]).all() for box in drawn.boxes_xyxy)


def test_the_reference_of_a_pair_moves_with_the_picture() -> None:
    view = DetectView(size_wh=(96, 64), color="GRAY", pair=True)
    crops = Crops(size_wh=(48, 48), reference_shift_px=0.0)
    plain = [canvas for canvas in canvases(view) if not len(canvas.boxes_xyxy)]

    drawn = next(iter(Draw(plain, crops, CALM, (0, 0))))

    assert drawn.image.shape == (48, 48, 2)
    np.testing.assert_array_equal(drawn.image[:, :, 0], drawn.image[:, :, 1])


def test_the_same_seed_draws_the_same_crops() -> None:
    crops = Crops(size_wh=(48, 48))
    first, again, other = (
        next(batches(Draw(canvases(), crops, CALM, seed), 4, 1)).images for seed in ((0, 0), (0, 0), (0, 1))
    )

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_expansion_keeps_every_pixel_of_the_objects() -> None:
    sample = box_samples(1)[0]

    image, boxes = expanded(np.random.default_rng(1), sample.image_bgr, sample.boxes_xyxy)

    left, top, right, bottom = boxes[0].astype(int)
    assert image.shape[0] > 64
    assert (image[top:bottom, left:right] == 20).all()


def test_crops_of_the_paper_keep_objects_whose_centre_they_show() -> None:
    sample = box_samples(1)[0]
    smaller = 0

    for seed in range(30):
        image, boxes, kept = constrained_crop(
            np.random.default_rng(seed), sample.image_bgr, sample.boxes_xyxy
        )
        assert kept.any()
        assert (boxes >= 0).all()
        assert (boxes[:, 2:] <= (image.shape[1], image.shape[0])).all()
        smaller += image.shape[:2] != (64, 96)
    assert smaller > 15


def test_the_papers_pictures_have_the_size_of_the_input() -> None:
    class Drawn(BoxSet):
        def __len__(self) -> int:
            return 6

        def __getitem__(self, index: int) -> BoxSample:
            return box_samples(6)[index]

    draw = iter(PaperDraw(Drawn("drawn", LABELS, (), ()), DetectView(size_wh=(60, 60)), CALM, (0, 0)))

    for _ in range(12):
        assert next(draw).image.shape == (60, 60, 3)


class GoodBoards(BoxSet):
    """Two pictures, each with the same good board as reference."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> BoxSample:
        return drawn_board(0, 0, is_good=True)


@pytest.mark.parametrize("share", ["drawn_share", "flawed_share"])
def test_boards_with_drawn_flaws_make_their_share_of_the_training_pictures(share: str) -> None:
    config = DetectConfig.model_validate(
        {
            "schema": "edgevision.detector-training/1",
            "name": "boards",
            "labels": FLAWS,
            "view": {"size_wh": (640, 640), "color": "GRAY"},
            "data": {share: 0.5},
            "crops": {"size_wh": (64, 64), "photograph": False, "exact_share": 1.0},
            "optimisation": {"epochs": 1, "batches_per_epoch": 1, "learning_rate": 0.01},
        }
    )
    grey = Canvas(
        np.full((640, 640, 1), 128, np.uint8),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, np.bool_),
    )
    state = DetectState(config, config.labels, (((24.0, 24.0),),), Compute.choose("fp32"))

    (batch,) = batches(draws_of(state, GoodBoards("good", FLAWS, (), ()), [grey, grey])(0), 8, 1)

    assert sum((image == 128).all() for image in batch.images) == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"drawn_share": 0.5}, "drawn flaws need crops and the labels open, short"),
        ({"drawn_share": 0.5, "flawed_share": 0.5}, "must leave room for the pictures of the folder"),
    ],
)
def test_drawn_flaws_are_refused_where_they_cannot_be(data: dict[str, float], message: str) -> None:
    boards = {"labels": FLAWS, "crops": {"size_wh": (64, 64)}} if len(data) > 1 else {}
    with pytest.raises(ValueError, match=message):
        DetectConfig.model_validate(
            {
                "schema": "edgevision.detector-training/1",
                "name": "cells",
                "data": data,
                "optimisation": {"epochs": 1, "batches_per_epoch": 1},
            }
            | boards
        )
