import numpy as np

from edgevision.capture.frozen import FrozenDetector
from tests.videos import numbered

SECOND_NS = 1_000_000_000


def test_the_same_pixels_are_frozen_only_after_the_configured_time() -> None:
    detector = FrozenDetector(2.0)
    times_s = [5.0, 6.0, 6.9, 7.0, 8.0]

    found = [detector.update(numbered(0), round(time_s * SECOND_NS)) for time_s in times_s]

    assert found == [False, False, False, True, True]


def test_one_changed_pixel_anywhere_is_life() -> None:
    detector = FrozenDetector(1.0)
    detector.update(numbered(0), 0)
    touched = numbered(0)
    touched[7, 9, 2] ^= 1

    assert not detector.update(touched, 2 * SECOND_NS)


def test_a_picture_that_moves_again_is_no_longer_frozen() -> None:
    detector = FrozenDetector(1.0)
    assert [detector.update(numbered(0), step * SECOND_NS) for step in range(3)] == [False, True, True]

    assert not detector.update(numbered(1), 3 * SECOND_NS)
    assert not detector.update(numbered(1), 3 * SECOND_NS + SECOND_NS // 2)
    assert detector.update(numbered(1), 4 * SECOND_NS)


def test_another_size_is_another_picture() -> None:
    detector = FrozenDetector(1.0)
    detector.update(np.zeros((20, 20, 3), np.uint8), 0)

    assert not detector.update(np.zeros((20, 21, 3), np.uint8), 5 * SECOND_NS)
