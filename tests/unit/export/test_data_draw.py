import numpy as np

from export.data.augment import Augmentation, photograph
from export.data.draw import CropDraw, Sampling, batches
from export.data.folder import SegmentationSet
from export.data.sample import Sample
from export.data.view import View

STILL = Augmentation(
    flip=False,
    quarter_turns=False,
    rotation_deg=0,
    scale=(1, 1),
    brightness=0,
    contrast=0,
    gamma=0,
    color_shift=0,
    sensor_share=0,
)


class Fixed(SegmentationSet):
    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples
        self._labels = ("background", "crack", "pit")
        self.problems = []


def sample(name: str, class_id: int, at_xy: tuple[int, int] = (150, 40)) -> Sample:
    """A dark picture in which only the defect is bright."""
    mask = np.zeros((120, 200), np.uint8)
    mask[at_xy[1] : at_xy[1] + 4, at_xy[0] : at_xy[0] + 4] = class_id
    image = np.full((120, 200, 3), 40, np.uint8)
    image[mask > 0] = 220
    return Sample(name, image, mask)


def draw(samples: list[Sample], augmentation: Augmentation, sampling: Sampling, epoch: int = 0) -> CropDraw:
    return CropDraw(Fixed(samples), View(size_wh=(64, 64)), augmentation, sampling, (7, epoch))


def test_a_crop_depends_on_seed_epoch_and_position_only() -> None:
    samples = [sample("a", 1), sample("b", 2), sample("c", 0)]
    first, again, later = (draw(samples, Augmentation(), Sampling(), epoch) for epoch in (0, 0, 1))

    by_one = [batch.images for batch in batches(first, 4, 5, workers=1)]
    by_three = [batch.images for batch in batches(again, 4, 5, workers=3)]

    assert np.array_equal(by_one, by_three)
    assert not np.array_equal(by_one, [batch.images for batch in batches(later, 4, 5)])


def test_rare_classes_are_drawn_as_often_as_common_ones() -> None:
    samples = [sample(f"a{index}", 1) for index in range(30)] + [sample("b", 2), sample("c", 0)]
    crops = draw(samples, STILL, Sampling(background_share=0.2, defect_centred=1.0, jitter_px=4))

    shown = [int(crops.crop(position)[1].max()) for position in range(300)]

    shares = [shown.count(class_id) / len(shown) for class_id in (0, 1, 2)]
    assert np.allclose(shares, [0.2, 0.4, 0.4], atol=0.1)


def test_crops_placed_on_a_defect_show_it_even_at_the_border() -> None:
    crops = draw([sample("a", 1, (196, 116))], STILL, Sampling(defect_centred=1.0, jitter_px=10))

    assert all(crops.crop(position)[1].any() for position in range(50))


def test_class_ids_stay_on_their_pixels_whatever_the_geometry() -> None:
    turned = STILL.model_copy(
        update={"flip": True, "quarter_turns": True, "rotation_deg": 30.0, "scale": (0.8, 1.4), "aspect": 0.3}
    )
    crops = draw([sample("a", 1)], turned, Sampling(defect_centred=1.0, jitter_px=10))

    for position in range(50):
        image, mask = crops.crop(position)
        assert set(np.unique(mask)) <= {0, 1}
        assert image[mask == 1].mean() > 130
        assert image[mask == 0].mean() < 60


def test_defects_are_set_into_pictures_without_any() -> None:
    samples = [sample("a", 1), sample("c", 0)]
    only_good = Sampling(background_share=1.0, defect_centred=1.0, jitter_px=4)
    pasting = STILL.model_copy(update={"paste_share": 0.5, "paste_contrast": (1.0, 1.0)})

    crops = draw(samples, pasting, only_good)

    shown = [crops.crop(position)[1].any() for position in range(60)]
    assert 0.3 < np.mean(shown) < 0.7


def test_without_strength_nothing_changes() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)

    assert np.array_equal(photograph(np.random.default_rng(1), image, STILL), image)


def test_light_and_sensor_change_pixels_but_neither_size_nor_type() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)
    strong = Augmentation(sensor_share=1.0, gradient=0.5)

    changed = [photograph(np.random.default_rng(seed), image, strong) for seed in range(8)]

    assert all(picture.shape == image.shape and picture.dtype == np.uint8 for picture in changed)
    assert len({picture.tobytes() for picture in changed}) == 8


def test_batches_come_in_order_as_rgb() -> None:
    red = Sample("red", np.full((64, 64, 3), (0, 0, 255), np.uint8), np.zeros((64, 64), np.uint8))

    made = list(batches(draw([red], STILL, Sampling()), 2, 3))

    assert len(made) == 3
    assert made[0].images.shape == (2, 64, 64, 3)
    assert made[0].images[0, 0, 0].tolist() == [255, 0, 0]
    assert made[0].class_maps.dtype == np.int64
