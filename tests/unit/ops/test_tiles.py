from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.ops.tiles import Axis, TileGrid, pad_to_tile

Planes = npt.NDArray[np.float32]
Model = Callable[[Planes], Planes]


@settings(deadline=None)
@given(st.integers(16, 96), st.integers(0, 400), st.integers(0, 90))
def test_tiles_cover_an_axis_symmetrically_with_weights_that_sum_to_one(
    tile: int, excess: int, overlap: int
) -> None:
    length = tile + excess
    axis = Axis.cover(length, tile, overlap)
    assert axis.origins[0] == 0
    assert axis.origins[-1] == length - tile
    steps = np.diff(axis.origins)
    assert (steps <= tile - min(overlap, tile * 3 // 4)).all()
    assert (
        max(abs(a + b - (length - tile)) for a, b in zip(axis.origins, axis.origins[::-1], strict=True)) <= 1
    )
    total = np.zeros(length)
    for origin, weights in zip(axis.origins, axis.weights, strict=True):
        assert (weights > 0).all()
        total[origin : origin + tile] += weights
    assert np.allclose(total, 1.0, atol=1e-6)


def test_the_outer_quarter_of_an_overlap_has_no_say() -> None:
    axis = Axis.cover(160, 96, 32)
    assert axis.weights[1][:8].max() < 1e-6
    assert axis.weights[0][-8:].max() < 1e-6
    assert axis.weights[1][24:].min() > 1 - 1e-6


def _texture(height: int, width: int) -> Planes:
    rng = np.random.default_rng(7)
    return rng.random((height, width), np.float32)


def _blended(image: Planes, model: Model, tile: int, overlap: int) -> Planes:
    grid = TileGrid.cover((image.shape[1], image.shape[0]), (tile, tile), overlap)
    result = np.full((2, *image.shape), np.nan, np.float32)
    for top, strip in grid.blend(lambda x, y: model(image[y : y + tile, x : x + tile])):
        assert np.isnan(result[:, top : top + strip.shape[1]]).all(), "a row came twice"
        result[:, top : top + strip.shape[1]] = strip
    return result


def _seeing(sigma_px: float, reach_px: int) -> Model:
    """A model whose answer at a pixel depends on a square around it, zeros outside its input."""

    def predict(image: Planes) -> Planes:
        side = 2 * reach_px + 1
        border = cv2.BORDER_CONSTANT
        seen = cv2.GaussianBlur(image, (side, side), sigma_px, borderType=border)
        return np.stack((1 - seen, seen)).astype(np.float32)

    return predict


@pytest.mark.parametrize("size_wh", [(96, 96), (200, 150), (333, 97), (97, 333), (401, 299)])
@pytest.mark.parametrize("overlap", [32, 48])
def test_tiling_does_not_matter_to_a_model_that_sees_a_quarter_of_the_overlap(
    size_wh: tuple[int, int], overlap: int
) -> None:
    image = _texture(size_wh[1], size_wh[0])
    model = _seeing(4.0, overlap // 4)
    assert np.allclose(_blended(image, model, 96, overlap), model(image), atol=1e-5)


def test_a_model_that_sees_more_changes_less_than_at_the_edge_of_its_input() -> None:
    image = np.ones((300, 300), np.float32)
    model = _seeing(8.0, 32)
    whole = model(image)
    blended = _blended(image, model, 96, 32)
    inner = np.s_[1, 100:200, 100:200]
    at_edge = float(np.abs(model(image[:96, :96])[1] - whole[1, 100, 100]).max())
    at_seams = float(np.abs(blended[inner] - whole[inner]).max())
    assert at_seams < at_edge / 4


def test_blending_leaves_no_seams() -> None:
    image = np.ones((300, 300), np.float32)
    blended = _blended(image, _seeing(8.0, 32), 96, 32)[1, 40:-40, 40:-40]
    steepest = max(float(np.abs(np.diff(blended, axis=axis)).max()) for axis in (0, 1))
    assert steepest < 0.02


@pytest.mark.parametrize("overlap", [16, 60])
def test_quiet_strips_are_left_out_and_nothing_else_changes(overlap: int) -> None:
    image = np.zeros((500, 200), np.float32)
    image[240:250, 90:110] = 1.0
    model = _seeing(4.0, 8)
    grid = TileGrid.cover((200, 500), (80, 80), overlap)

    def predict(left: int, top: int) -> Planes:
        return model(image[top : top + 80, left : left + 80])

    strips = list(grid.blend_unless(predict, lambda planes: float(planes[1].max()) < 0.5))
    whole = list(grid.blend(predict))
    assert [top for top, _ in strips] == [top for top, _ in whole]
    left_out = [planes for (_, strip), (_, planes) in zip(strips, whole, strict=True) if strip is None]
    assert len(left_out) >= 2
    assert all(float(planes[1].max()) < 0.5 for planes in left_out)
    kept = [
        (strip, planes) for (_, strip), (_, planes) in zip(strips, whole, strict=True) if strip is not None
    ]
    assert max(float(planes[1].max()) for _, planes in kept) > 0.7
    assert all(np.array_equal(strip, planes) for strip, planes in kept)


def test_one_tile_is_asked_for_once_and_passed_through() -> None:
    asked = []

    def predict(left: int, top: int) -> Planes:
        asked.append((left, top))
        return np.full((2, 32, 32), 0.25, np.float32)

    strips = list(TileGrid.cover((32, 32), (32, 32), 8).blend(predict))
    assert asked == [(0, 0)]
    assert [(top, strip.shape) for top, strip in strips] == [(0, (2, 32, 32))]
    assert np.all(strips[0][1] == np.float32(0.25))


def test_a_region_smaller_than_a_tile_is_mirrored_around_the_middle() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    padded, (left, top) = pad_to_tile(image, (8, 6))
    assert padded.shape == (6, 8)
    assert np.array_equal(padded[top : top + 3, left : left + 4], image)
    assert np.array_equal(padded[top : top + 3, left - 1], image[:, 1])


def test_a_region_of_at_least_a_tile_is_left_alone() -> None:
    image = np.zeros((6, 9, 3), np.uint8)
    padded, origin = pad_to_tile(image, (8, 6))
    assert padded is image
    assert origin == (0, 0)
