"""Makes pictures of layouts: which pixels are copper, and how a camera and a threshold would show them."""

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.types import ImageBgr
from export.detect.boards.layout import SIDE_PX, Layout, Pad, Track

__all__ = ["Copper", "copper_of", "pictured"]

Copper = npt.NDArray[np.uint8]
"""(H, W): 255 where there is copper, else 0."""

_BLUR_PX = 1.4
_COARSE_NOISE = 0.45
_FINE_NOISE = 0.06
_FRACTION_BITS = 4


def copper_of(layout: Layout) -> Copper:
    """Return the copper of a layout: pours, the clearance cut into them, what lies in it, the holes."""
    copper = np.full((SIDE_PX, SIDE_PX), 255 if layout.is_filled else 0, np.uint8)
    for pour in layout.pours:
        cv2.fillPoly(copper, [np.rint(pour).astype(np.int32)], 255)
    for clearance_px, value in ((layout.clearance_px, 0), (0.0, 255)):
        for track in layout.tracks:
            _draw_track(copper, track, clearance_px, value)
        for pad in layout.pads:
            _draw_pad(copper, pad, clearance_px, value)
    for pad in layout.pads:
        if pad.hole_px:
            centre = np.add(pad.centre_xy, pad.hole_shift_xy)
            cv2.circle(copper, _fixed(centre), _fixed(pad.hole_px)[0], 0, -1, shift=_FRACTION_BITS)
    return copper


def pictured(copper: Copper, camera: np.random.Generator, etching: np.random.Generator) -> ImageBgr:
    """Return the board as a picture, copper black: corners rounded, edges ragged, two levels only.

    Args:
        copper: The board.
        camera: Draws what differs from picture to picture.
        etching: Draws what the same board shows in every picture.
    """
    soft = cv2.GaussianBlur(copper, (0, 0), _BLUR_PX).astype(np.float32) / 255
    coarse = cv2.GaussianBlur(_noise(etching, copper.shape), (0, 0), 1.2)
    soft += _COARSE_NOISE * coarse + _FINE_NOISE * _noise(camera, copper.shape)
    black = soft > camera.uniform(0.45, 0.55)
    return np.repeat(np.where(black, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _draw_track(copper: Copper, track: Track, clearance_px: float, value: int) -> None:
    if track.width_px == 0 and value:
        return
    points = np.rint(track.points_xy * (1 << _FRACTION_BITS)).astype(np.int32)
    thickness = max(1, round(track.width_px + 2 * clearance_px))
    cv2.polylines(copper, [points], False, value, thickness, shift=_FRACTION_BITS)


def _draw_pad(copper: Copper, pad: Pad, clearance_px: float, value: int) -> None:
    if pad.half_wh == (0.0, 0.0):
        return
    half = np.add(pad.half_wh, clearance_px)
    if pad.is_round:
        # An oblong is a broad line with round ends.
        reach, thickness = half - half.min(), max(1, round(2 * half.min()))
        start, end = _fixed(pad.centre_xy - reach), _fixed(pad.centre_xy + reach)
        cv2.line(copper, start, end, value, thickness, shift=_FRACTION_BITS)
    else:
        start, end = _fixed(pad.centre_xy - half), _fixed(pad.centre_xy + half)
        cv2.rectangle(copper, start, end, value, -1, shift=_FRACTION_BITS)


def _fixed(point: npt.ArrayLike) -> tuple[int, int]:
    """Return a point, or a length twice, as the fixed-point numbers that drawing takes."""
    x, y = np.broadcast_to(np.rint(np.multiply(point, 1 << _FRACTION_BITS)), 2)
    return int(x), int(y)


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return evenly distributed numbers from -1 to 1."""
    grain = np.frombuffer(rng.bytes(shape[0] * shape[1]), np.uint8)
    return (grain.reshape(shape) * np.float32(2 / 255) - 1).astype(np.float32)
