"""Single flaws: on the surface, of their least size, away from what they could be mistaken for."""

import cv2
import numpy as np
import pytest

from edgevision.capture.sample.flaws import CRACK, PIT, SCRATCH, Flaw, Surface, draw_flaw, flaw_mask
from edgevision.capture.sample.look import LINE


def ring(texture_rad: float | None = None) -> Surface:
    inside = np.zeros((480, 480), dtype=np.uint8)
    cv2.circle(inside, (240, 240), 200, 1, cv2.FILLED)
    cv2.circle(inside, (240, 240), 80, 0, cv2.FILLED)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3).astype(np.float32)
    return Surface(depth, texture_rad, None)


def draw_many(class_id: int, surface: Surface) -> list[Flaw]:
    rng = np.random.default_rng(5)
    drawn = [draw_flaw(rng, class_id, surface, LINE) for _ in range(150)]
    return [flaw for flaw in drawn if flaw is not None]


@pytest.mark.parametrize("class_id", [CRACK, PIT, SCRATCH])
def test_flaws_lie_on_the_surface_and_are_a_whole(class_id: int) -> None:
    surface = ring()
    flaws = draw_many(class_id, surface)
    assert len(flaws) > 50
    for flaw in flaws:
        mask = flaw_mask(flaw, surface)
        assert mask.any()
        assert (surface.depth_px[flaw.window][mask] > 0).all()
        if class_id != CRACK:
            assert cv2.connectedComponents(mask.astype(np.uint8))[0] == 2


def test_the_outline_is_where_half_of_a_pixel_is_covered() -> None:
    surface = ring()
    for flaw in draw_many(PIT, surface):
        mask = flaw_mask(flaw, surface)
        assert (mask == (flaw.coverage >= 0.5)).all()
        assert abs(float(flaw.coverage.sum()) - float(mask.sum())) < 0.12 * float(mask.sum()) + 2


def test_pits_are_as_wide_as_the_look_says() -> None:
    surface = ring()
    areas = [float(flaw.coverage.sum()) for flaw in draw_many(PIT, surface)]
    low, high = LINE.pit_diameter_px
    assert min(areas) > np.pi / 4 * 5**2
    assert max(areas) < np.pi / 4 * (1.4 * high) ** 2
    assert low > 5


def test_scratches_cross_the_machining_marks() -> None:
    surface = ring(texture_rad=0.0)
    for flaw in draw_many(SCRATCH, surface):
        rows, columns = np.nonzero(flaw_mask(flaw, surface))
        assert np.ptp(rows) > 0.2 * np.ptp(columns)
