"""Drawn faces: the same identity for the same number, another moment of it in each picture."""

import numpy as np

from export.embed.canvas import Canvas
from export.embed.faces import DrawnFaces
from export.embed.nobody import draw_nobody

SIDE_PX = 56


def test_a_number_is_always_the_same_face_and_no_other_number_is() -> None:
    canvas = Canvas.of(SIDE_PX)

    first, again, other = (draw_nobody(canvas, number) for number in (7, 7, 8))

    np.testing.assert_array_equal(first.skin, again.skin)
    np.testing.assert_array_equal(first.relief, again.relief)
    assert np.abs(first.skin - other.skin).mean() > 0.02


def test_each_picture_is_another_and_the_same_again_for_the_same_seed() -> None:
    faces = DrawnFaces(SIDE_PX)
    twice = np.array([3, 3])

    first, again = (faces.draw(np.random.default_rng(5), twice).images for _ in range(2))

    assert first.shape == (2, SIDE_PX, SIDE_PX, 1)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0].astype(int) - first[1]).mean() > 2


def test_ovals_are_full_inside_and_empty_outside() -> None:
    oval = Canvas.of(112).oval((50, 60), (20, 10), 1)

    assert oval[60, 50] > 0.99
    assert oval[60, 80] < 0.01
    assert oval[75, 50] < 0.01
    assert 0.3 < oval[60, 70] < 0.7
