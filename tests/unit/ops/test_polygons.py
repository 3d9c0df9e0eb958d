import numpy as np

from edgevision.ops.polygons import is_box, polygon_mask, simplified


def test_a_polygon_is_drawn_relative_to_its_box_and_scale() -> None:
    square = [(10, 20), (19, 20), (19, 29), (10, 29)]
    assert polygon_mask(square, (10, 20, 20, 30)).all()
    shifted = polygon_mask(square, (5, 20, 20, 30))
    assert not shifted[:, :5].any()
    assert shifted[:, 5:].all()
    assert polygon_mask(square, (10, 20, 20, 30), (0.5, 0.5)).shape == (5, 5)


def test_a_simplified_polygon_keeps_its_corners_and_loses_what_lies_on_its_edges() -> None:
    square = np.array([(0, 0), (5, 0), (10, 0), (10, 10), (0, 10), (0, 5)], np.int32)

    assert simplified(square, 1.0).tolist() == [[0, 0], [10, 0], [10, 10], [0, 10]]


def test_only_the_corners_of_the_box_are_a_box() -> None:
    corners = np.array([(2, 3), (9, 3), (9, 30), (2, 30)], np.int32)

    assert is_box(corners, (2, 3, 10, 31))
    assert not is_box(corners, (2, 3, 10, 32))
    assert not is_box(corners[:3], (2, 3, 10, 31))
