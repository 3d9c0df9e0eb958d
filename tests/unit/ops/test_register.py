import numpy as np
import pytest

from edgevision.ops.register import Template, lay_over
from tests.boards import Image, board, moved


@pytest.mark.parametrize(
    ("angle_deg", "shift_xy"),
    [(0.0, (0.0, 0.0)), (0.0, (17.0, -9.0)), (2.0, (-12.0, 6.0)), (-5.0, (8.0, 20.0)), (7.0, (5.0, 5.0))],
)
def test_a_moved_and_turned_part_is_found_to_half_a_pixel(
    angle_deg: float, shift_xy: tuple[float, float]
) -> None:
    template = board()
    picture, matrix = moved(template, angle_deg, shift_xy)

    found = Template(template).register(picture)

    assert found is not None
    assert found.correlation > 0.9
    there_and_back = np.vstack((found.matrix, (0, 0, 1))) @ np.vstack((matrix, (0, 0, 1)))
    corners = np.array([(0, 0, 1), (479, 0, 1), (0, 359, 1), (479, 359, 1)]).T
    assert np.abs(there_and_back @ corners - corners).max() < 0.5
    assert abs(found.rotation_deg) == pytest.approx(abs(angle_deg), abs=0.1)
    assert found.shift_px == pytest.approx(np.hypot(*shift_xy), abs=0.6)


def test_a_defect_and_other_light_do_not_mislead() -> None:
    picture, _ = moved(board(), 1.0, (6, 4))
    picture = np.clip(picture * 0.6 + 30, 0, 255).astype(np.uint8)
    picture[150:200, 200:260] = 255

    found = Template(board()).register(picture)

    assert found is not None
    assert found.rotation_deg == pytest.approx(-1.0, abs=0.2) or found.rotation_deg == pytest.approx(
        1.0, abs=0.2
    )


@pytest.mark.parametrize("picture", [board(seed=99), np.full((360, 480, 3), 128, np.uint8)])
def test_another_part_or_none_correlates_little(picture: Image) -> None:
    found = Template(board()).register(picture)

    assert found is None or found.correlation < 0.7


def test_the_template_is_laid_where_the_part_lies() -> None:
    template = board()
    picture, _ = moved(template, 3.0, (10, -14))
    registration = Template(template).register(picture)
    assert registration is not None

    laid = lay_over(Template(template), picture, registration)

    apart = np.abs(laid.astype(int) - picture).max(axis=2) > 60
    assert apart.mean() < 0.02
    assert (np.abs(template.astype(int) - picture).max(axis=2) > 60).mean() > 0.1


def test_a_shift_by_whole_pixels_changes_no_pixel() -> None:
    template = board()
    picture = np.roll(template, (7, -11), axis=(0, 1))
    registration = Template(template).register(picture)
    assert registration is not None

    laid = lay_over(Template(template), picture, registration)

    inside = (slice(20, -20), slice(20, -20))
    assert np.array_equal(laid[inside], picture[inside])


def test_where_the_template_ends_the_picture_shows_through() -> None:
    picture, _ = moved(board(), 0.0, (40, 0))
    registration = Template(board()).register(picture)
    assert registration is not None

    laid = lay_over(Template(board()), picture, registration)

    assert np.array_equal(laid[:, :35], picture[:, :35])


def specks(*places_xy: tuple[int, int]) -> Image:
    image = np.full((640, 640, 3), 255, np.uint8)
    for x, y in places_xy:
        image[y : y + 12, x : x + 12] = 0
    return image


def test_a_part_with_next_to_nothing_on_it_lies_where_it_lies() -> None:
    template = Template(specks((400, 200)))

    found = template.register(specks((400, 200), (80, 500), (300, 300)))

    assert found is not None
    assert (found.correlation, found.shift_px, found.rotation_deg) == (1.0, 0.0, 0.0)
    np.testing.assert_array_equal(found.matrix, np.eye(2, 3))


def test_a_part_with_as_little_elsewhere_does_not_pass_for_it() -> None:
    found = Template(specks((400, 200))).register(specks((100, 420)))

    assert found is None or found.correlation < 0.7 or found.shift_px > 64


def test_a_part_with_something_on_it_does_not_pass_for_a_bare_one() -> None:
    other = specks(*((x, y) for x in range(40, 600, 80) for y in range(60, 600, 90)))

    found = Template(specks((400, 200))).register(other)

    assert found is None or found.correlation < 0.7
