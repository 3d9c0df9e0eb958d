from edgevision.ops.detections import Detections
from edgevision.ops.joining import join_tiles
from tests.detectbundles import Box, detections

LEFT, RIGHT = (0.0, 0.0, 60.0, 50.0), (40.0, 0.0, 100.0, 50.0)
REGION_WH = (100, 50)


def joined(left: Detections, right: Detections) -> list[tuple[int, float, Box]]:
    found = join_tiles([left, right], [LEFT, RIGHT], REGION_WH, 0.5)
    rows = zip(found.class_ids.tolist(), found.scores.tolist(), found.boxes_xyxy.tolist(), strict=True)
    return [(class_id, round(score, 2), tuple(box)) for class_id, score, box in rows]


def test_what_both_tiles_show_whole_is_one_thing() -> None:
    assert joined(detections((0, 0.8, (45, 10, 55, 20))), detections((0, 0.9, (45, 10, 56, 20)))) == [
        (0, 0.9, (45, 10, 56, 20))
    ]


def test_a_whole_thing_wins_over_a_piece_of_it_whatever_they_score() -> None:
    whole = (0, 0.6, (45.0, 10.0, 70.0, 20.0))

    assert joined(detections((0, 0.95, (45, 10, 60, 20))), detections(whole)) == [whole]


def test_pieces_become_the_box_of_the_whole() -> None:
    left, right = detections((0, 0.7, (10, 10, 60, 20))), detections((0, 0.9, (40, 10, 90, 20)))

    assert joined(left, right) == [(0, 0.9, (10, 10, 90, 20))]


def test_other_classes_other_places_and_neighbours_in_one_tile_stay_apart() -> None:
    left = detections((0, 0.9, (45, 10, 55, 20)), (0, 0.8, (46, 11, 56, 21)))
    right = detections((1, 0.7, (45, 10, 55, 20)), (0, 0.6, (45, 30, 55, 40)))

    assert [score for _, score, _ in joined(left, right)] == [0.9, 0.8, 0.7, 0.6]


def test_a_box_at_the_border_of_the_region_is_no_piece() -> None:
    assert joined(detections((0, 0.9, (0, 0, 20, 50))), Detections.empty()) == [(0, 0.9, (0, 0, 20, 50))]


def test_a_piece_that_no_other_tile_knows_stays() -> None:
    assert joined(detections((0, 0.9, (50, 10, 60, 20))), Detections.empty()) == [(0, 0.9, (50, 10, 60, 20))]


def test_a_long_thing_is_put_together_from_three_tiles() -> None:
    windows = [(0.0, 0.0, 40.0, 20.0), (30.0, 0.0, 70.0, 20.0), (60.0, 0.0, 100.0, 20.0)]
    parts = [
        detections((0, 0.9, (5, 5, 40, 15))),
        detections((0, 0.6, (30, 5, 70, 15))),
        detections((0, 0.8, (60, 5, 95, 15))),
    ]

    found = join_tiles(parts, windows, (100, 20), 0.5)

    assert found.boxes_xyxy.tolist() == [[5, 5, 95, 15]]


def test_nothing_joined_is_nothing() -> None:
    assert joined(Detections.empty(), Detections.empty()) == []
