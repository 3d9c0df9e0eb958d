import numpy as np

from export.data.line import SampleLineSet


def test_renders_parts_with_their_class_ids() -> None:
    parts = SampleLineSet(seed=3, frames=6, wide_share=0.5)

    rendered = list(parts)

    assert len(rendered) == len(parts) == 6
    assert all(part.image_bgr.shape[:2] == part.class_map.shape for part in rendered)
    assert any(part.class_map.any() for part in rendered)
    assert max(int(part.class_map.max()) for part in rendered) < len(parts.labels)


def test_the_same_index_gives_the_same_part_and_another_epoch_another() -> None:
    parts = SampleLineSet(seed=3, frames=2, wide_share=0.0)

    assert np.array_equal(parts[1].image_bgr, SampleLineSet(3, 2, 0.0)[1].image_bgr)
    assert np.array_equal(parts.at_epoch(0)[1].image_bgr, parts[1].image_bgr)
    assert not np.array_equal(parts.at_epoch(1)[1].image_bgr, parts[1].image_bgr)


def test_training_and_validation_seeds_share_no_part() -> None:
    names = [SampleLineSet(seed, 1, 0.0)[0].image_bgr.tobytes() for seed in (0, 1)]

    assert len(set(names)) == 2
