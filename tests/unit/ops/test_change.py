import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.ops.change import BLOCKS_PX, Scene
from edgevision.types import ImageBgr

TOLERANCE = 16.0
SIZE_WH = (140, 101)


def surface(size_wh: tuple[int, int] = SIZE_WH, seed: int = 0) -> ImageBgr:
    """Return a textured surface."""
    rng = np.random.default_rng(seed)
    return rng.integers(60, 180, (size_wh[1], size_wh[0], 3), np.uint8)


def changed(image: ImageBgr, left: int, top: int, side: int, levels: int) -> ImageBgr:
    """Return a copy in which a square is brighter."""
    copy = image.copy()
    copy[top : top + side, left : left + side] += np.uint8(levels)
    return copy


def differs(before: ImageBgr, after: ImageBgr, tolerance: float = TOLERANCE) -> bool:
    return Scene(before).differs(after, tolerance)


@pytest.mark.parametrize("size_wh", [SIZE_WH, (1, 1), (1, 40), (33, 2), (640, 480)])
def test_the_same_picture_does_not_differ(size_wh: tuple[int, int]) -> None:
    assert not differs(surface(size_wh), surface(size_wh))


@pytest.mark.parametrize("seed", range(5))
def test_noise_of_a_camera_does_not_differ(seed: int) -> None:
    rng = np.random.default_rng(seed)
    still = surface((640, 480)).astype(float)
    first, second = (np.asarray(still + rng.normal(0, 1.8, still.shape), np.uint8) for _ in range(2))

    assert not differs(first, second)


def test_noise_of_a_jpeg_stream_does_not_differ() -> None:
    rng = np.random.default_rng(1)
    smooth = cv2.resize(surface((64, 48)), (640, 480), interpolation=cv2.INTER_CUBIC).astype(float)
    noisy = (np.asarray(smooth + rng.normal(0, 1.5, smooth.shape), np.uint8) for _ in range(2))
    jpegs = (cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 92])[1] for one in noisy)
    first, second = (np.asarray(cv2.imdecode(one, cv2.IMREAD_COLOR), np.uint8) for one in jpegs)

    assert not differs(first, second)


@given(st.integers(0, SIZE_WH[0] - 1), st.integers(0, SIZE_WH[1] - 1), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_a_single_pixel_of_a_single_colour_is_seen_wherever_it_is(x: int, y: int, channel: int) -> None:
    after = surface()
    after[y, x, channel] += np.uint8(TOLERANCE + 1)

    assert differs(surface(), after)


@given(st.sampled_from(BLOCKS_PX[1:]), st.data())
@settings(max_examples=80, deadline=None)
def test_a_fainter_spot_is_seen_wherever_it_is_when_it_fills_a_block(
    block_px: int, data: st.DataObject
) -> None:
    side = 2 * block_px - 1  # Wherever it lies, it holds a whole block.
    left, top = (data.draw(st.integers(0, size - side)) for size in SIZE_WH)
    levels = int(TOLERANCE / block_px**0.5) + 2  # One level may be lost by rounding.

    assert differs(surface(), changed(surface(), left, top, side, levels))


def test_a_hairline_is_seen() -> None:
    after = surface()
    for x in range(20, 40):
        after[x // 2, x] -= np.uint8(TOLERANCE + 1)

    assert differs(surface(), after)


def test_fainter_than_noise_is_not_seen() -> None:
    assert not differs(surface(), changed(surface(), 10, 10, 1, int(TOLERANCE)))


def test_a_change_of_the_light_is_seen_long_before_a_pixel_exceeds_the_noise() -> None:
    assert differs(surface(), surface() + np.uint8(4))
    assert not differs(surface(), surface() + np.uint8(4), tolerance=64.0)
