"""Writes parts of the sample line as a folder of labelled boxes around their marks, in YOLO's format."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2

from edgevision.capture.sample import LINE, render_part
from edgevision.errors import OutputError
from edgevision.types import Frame

__all__ = ["LABEL", "mark_box", "write_marks"]

LABEL: Final = "mark"
_FIRST_VARIANT = 1000
_LOOK = replace(LINE, marked_rate=0.9)
Box = tuple[float, float, float, float]


def mark_box(frame: Frame) -> Box | None:
    """Return left, top, right, bottom of a part's mark in pixels; None where it has none."""
    if frame.truth is None or frame.truth.variant_corners_xy is None:
        return None
    x, y = zip(*frame.truth.variant_corners_xy, strict=True)
    return min(x), min(y), max(x), max(y)


def write_marks(out: Path, seed: int, train: int, val: int) -> None:
    """Render parts, one in ten without a mark, the others with each a variant of its own. Raises OutputError.

    Args:
        out: Gets `data.yaml`, `images/` and `labels/`.
        seed: Of the line.
        train: How many parts to train on.
        val: How many to choose by; they come behind.
    """
    try:
        for split, first, count in (("train", 0, train), ("val", train, val)):
            for part in ("images", "labels"):
                (out / part / split).mkdir(parents=True, exist_ok=True)
            for index in range(first, first + count):
                frame = render_part(seed, index, look=_LOOK, variant_id=_FIRST_VARIANT + index)
                name = f"{split}/part-{index:06d}"
                cv2.imwrite(str(out / "images" / f"{name}.png"), frame.image_bgr)
                (out / "labels" / f"{name}.txt").write_text(_line(frame), "utf-8")
        (out / "data.yaml").write_text(f"names: [{LABEL}]\n", "utf-8")
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror}; check the folder") from error


def _line(frame: Frame) -> str:
    box = mark_box(frame)
    if box is None:
        return ""
    width, height = frame.size_wh
    left, top, right, bottom = box
    centre = (left + right) / 2 / width, (top + bottom) / 2 / height
    shares = (*centre, (right - left) / width, (bottom - top) / height)
    return "0 " + " ".join(f"{share:.6f}" for share in shares) + "\n"
