from edgevision.ops.polygons import polygon_mask


def test_a_polygon_is_drawn_relative_to_its_box_and_scale() -> None:
    square = [(10, 20), (19, 20), (19, 29), (10, 29)]
    assert polygon_mask(square, (10, 20, 20, 30)).all()
    shifted = polygon_mask(square, (5, 20, 20, 30))
    assert not shifted[:, :5].any()
    assert shifted[:, 5:].all()
    assert polygon_mask(square, (10, 20, 20, 30), (0.5, 0.5)).shape == (5, 5)
