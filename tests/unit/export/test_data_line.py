import numpy as np

from export.data.line import HardPartsSet, SampleLineSet


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


def test_hard_parts_take_the_last_places_of_an_epoch_and_come_again_when_all_were_shown() -> None:
    fresh, line = (
        SampleLineSet(seed=3, frames=4, wide_share=0.0),
        SampleLineSet(seed=5, frames=3, wide_share=0.0),
    )
    parts = HardPartsSet(fresh, line, numbers=(7, 41, 90), share=0.5)

    shown = [[part.name for part in parts.at_epoch(epoch)] for epoch in range(3)]

    assert [names[2:] for names in shown] == [
        ["part-000007", "part-000041"],
        ["part-000090", "part-000007"],
        ["part-000041", "part-000090"],
    ]
    assert [part.name for part in fresh.at_epoch(1)][:2] == shown[1][:2]
    assert np.array_equal(parts[2].image_bgr, SampleLineSet(5, 40, 0.0)[7].image_bgr)
