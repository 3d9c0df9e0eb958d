"""Defects of one picture in another."""

import numpy as np
import numpy.typing as npt

from export.data.paste import paste_defects

Grey = npt.NDArray[np.uint8]


def _surface(level: int) -> Grey:
    return np.full((64, 64, 3), level, np.uint8)


def _donor(level: int, defect_level: int) -> tuple[Grey, Grey]:
    image, class_map = _surface(level), np.zeros((64, 64), np.uint8)
    image[24:40, 24:40] = defect_level
    class_map[24:40, 24:40] = 3
    return image, class_map


def test_a_pasted_defect_keeps_its_difference_to_its_surroundings() -> None:
    onto = _surface(150), np.zeros((64, 64), np.uint8)
    image, class_map = paste_defects(np.random.default_rng(1), onto, _donor(100, 60), (1.0, 1.0))
    assert int(image[32, 32, 0]) == 110
    assert int(image[5, 5, 0]) == 150
    assert np.array_equal(class_map > 0, _donor(0, 0)[1] > 0)
    assert class_map[32, 32] == 3


def test_a_lower_contrast_makes_it_fainter() -> None:
    onto = _surface(150), np.zeros((64, 64), np.uint8)
    image, _ = paste_defects(np.random.default_rng(1), onto, _donor(100, 60), (0.5, 0.5))
    assert int(image[32, 32, 0]) == 130


def test_defects_that_were_there_stay() -> None:
    there = np.zeros((64, 64), np.uint8)
    there[:8, :8] = 1
    there[30:34, 30:34] = 1
    _, class_map = paste_defects(np.random.default_rng(1), (_surface(9), there), _donor(90, 60), (1.0, 1.0))
    assert class_map[2, 2] == 1
    assert class_map[32, 32] == 3


def test_a_donor_without_defect_or_without_surroundings_changes_nothing() -> None:
    onto = _surface(150), np.zeros((64, 64), np.uint8)
    for class_map in (np.zeros((64, 64), np.uint8), np.ones((64, 64), np.uint8)):
        image, result = paste_defects(np.random.default_rng(1), onto, (_surface(90), class_map), (1.0, 1.0))
        assert np.array_equal(image, onto[0])
        assert not result.any()
