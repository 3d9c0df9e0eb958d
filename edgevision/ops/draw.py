"""Draws an inspection onto its frame: outlines, boxes with measures, and a banner with the verdict.

Judgements differ in colour, shape and letters, so that nobody needs to see colours; sizes follow
the picture's.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edgevision.ops.polygons import is_box, polygon_mask
from edgevision.types import Defect, Identity, ImageBgr, Inspection, Judgement

__all__ = ["annotate"]

Bgr = tuple[int, int, int]
Point = tuple[int, int]
Box = tuple[int, int, int, int]

_WHITE, _GREY, _DARK = (255, 255, 255), (205, 205, 205), (32, 28, 26)
_LAMPS: dict[Judgement, Bgr] = {
    Judgement.OK: (96, 174, 39),
    Judgement.NG: (60, 50, 225),
    Judgement.ND: (30, 170, 245),
}
# Okabe and Ito's colours, told apart by colour-blind people too.
_CLASS_COLOURS: tuple[Bgr, ...] = (
    (66, 228, 240),
    (233, 180, 86),
    (167, 121, 204),
    (0, 159, 230),
    (115, 158, 0),
    (178, 114, 0),
)
_TAGS_MAX = 12
_BANNER_PX = 46
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def annotate(image_bgr: ImageBgr, inspection: Inspection, *, is_whole: bool = False) -> ImageBgr:
    """Return a copy of the frame, (H, W, 3) uint8, with the inspection drawn on it.

    The banner lies on its top rows; where the frame is to be seen whole, above them, in a higher picture.
    """
    image = image_bgr.copy()
    pen = _Pen(image, max(0.45, min(image.shape[1] / 640, image.shape[0] / 480)))
    defects = inspection.defects
    for defect in defects:
        _outline(pen, defect)
    tagged = defects[:_TAGS_MAX]
    taken: list[Box] = [defect.box_xyxy for defect in tagged]
    if not is_whole:
        taken.append((0, 0, image.shape[1], pen.px(_BANNER_PX)))
    for defect in tagged:
        taken.append(_tag(pen, defect, taken))
    for identity in _identities(inspection)[:_TAGS_MAX]:
        taken.append(_name_tag(pen, identity, taken))
    if is_whole:
        image = np.pad(image, ((pen.px(_BANNER_PX) + 1, 0), (0, 0), (0, 0)))
        pen = _Pen(image, pen.scale)
    _banner(pen, inspection)
    return image


@dataclass(frozen=True, slots=True, eq=False)
class _Pen:
    """An image to draw on, with lengths given as if it were 640 x 480."""

    image: ImageBgr
    scale: float

    def px(self, length: float) -> int:
        """Return a length in pixels of the image, at least 1."""
        return max(1, round(length * self.scale))

    def text_wh(self, text: str, size: float) -> Point:
        """Return width and height of a line of text."""
        (width, height), _ = cv2.getTextSize(text, _FONT, size * self.scale, self._weight(size))
        return width, height

    def write(self, text: str, left_bottom: Point, size: float, colour: Bgr) -> None:
        """Write one line; what the font does not have becomes a question mark."""
        plain = text.encode("ascii", "replace").decode()
        cv2.putText(
            self.image, plain, left_bottom, _FONT, size * self.scale, colour, self._weight(size), cv2.LINE_AA
        )

    def fill(self, corners: list[Point], colour: Bgr) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.image, [np.array(corners, np.int32)], colour, cv2.LINE_AA)

    def shade(self, box: Box, colour: Bgr, opacity: float) -> None:
        """Cover a rectangle with a translucent colour."""
        left, top, right, bottom = box
        part = self.image[top:bottom, left:right]
        part[:] = np.asarray(part * (1 - opacity) + np.multiply(colour, opacity), np.uint8)

    def _weight(self, size: float) -> int:
        return max(1, round(2.2 * size * self.scale))


def _outline(pen: _Pen, defect: Defect) -> None:
    """Draw the outline a little outside the defect, so that a thin crack stays visible; a box around it."""
    if is_box(defect.outline_xy, defect.box_xyxy):
        width = pen.px(1.5)
        gap = width // 2 + 1
        left, top, right, bottom = defect.box_xyxy
        corners = (left - gap, top - gap), (right - 1 + gap, bottom - 1 + gap)
        cv2.rectangle(pen.image, *corners, _colour(defect), width)
        return
    gap = pen.px(3)
    left, top, right, bottom = defect.box_xyxy
    box = (left - 2 * gap, top - 2 * gap, right + 2 * gap, bottom + 2 * gap)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 1, 2 * gap + 1))
    grown = cv2.dilate(polygon_mask(defect.outline_xy, box), disc)
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(box[0], box[1]))
    cv2.drawContours(pen.image, contours, -1, _colour(defect), pen.px(1), cv2.LINE_AA)


def _tag(pen: _Pen, defect: Defect, taken: list[Box]) -> Box:
    """Draw the frame of a defect and its label, where it hides nothing; return the label's place."""
    colour, margin = _colour(defect), pen.px(4)
    left, top, right, bottom = defect.box_xyxy
    frame = (left - 2 * margin, top - 2 * margin, right + 2 * margin, bottom + 2 * margin)
    if not is_box(defect.outline_xy, defect.box_xyxy):
        cv2.rectangle(pen.image, frame[:2], frame[2:], colour, pen.px(1), cv2.LINE_AA)
    return _label(pen, _caption(defect), frame, colour, taken)


def _identities(inspection: Inspection) -> list[Identity]:
    return [identity for found in inspection.findings for identity in found.identities or ()]


def _name_tag(pen: _Pen, identity: Identity, taken: list[Box]) -> Box:
    """Draw who or which variant is in a box; return the label's place."""
    left, top, right, bottom = identity.box_xyxy
    cv2.rectangle(pen.image, (left, top), (right - 1, bottom - 1), _CLASS_COLOURS[0], pen.px(1.5))
    told = "cannot be told" if identity.problem else identity.name or "unknown"
    return _label(pen, f"{told} {identity.score:.2f}", identity.box_xyxy, _CLASS_COLOURS[0], taken)


def _label(pen: _Pen, text: str, frame: Box, colour: Bgr, taken: list[Box]) -> Box:
    margin = pen.px(4)
    width, height = pen.text_wh(text, 0.42)
    place = _free_place(frame, (width + 2 * margin, height + 2 * margin), pen.image.shape[:2], taken)
    x1, y1, x2, y2 = place
    cv2.rectangle(pen.image, (x1, y1), (x2, y2), colour, cv2.FILLED)
    pen.write(text, (x1 + margin, y2 - margin), 0.42, _DARK)
    return place


def _free_place(frame: Box, size_wh: Point, image_hw: tuple[int, ...], taken: list[Box]) -> Box:
    """Return a box for a label: above the frame, below it, or further down until nothing is covered."""
    width, height = size_wh
    left = max(0, min(frame[0], image_hw[1] - width - 1))
    tops = [frame[1] - height, frame[3], *range(frame[3] + height, image_hw[0] - height, height)]
    for top in tops:
        place = (left, top, left + width, top + height)
        is_inside = top >= 0 and top + height < image_hw[0]
        if is_inside and not any(_overlap(place, other) for other in taken):
            return place
    top = min(max(frame[1], 0), image_hw[0] - height - 1)
    return left, top, left + width, top + height


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _caption(defect: Defect) -> str:
    parts = [f"{defect.label} {defect.score:.2f}"]
    unit = "px" if defect.px_per_mm is None else "mm"
    digits = 0 if unit == "px" else 1
    for name, quantity in (("L", "length"), ("W", "width_max")):
        value = defect.measure(f"{quantity}_{unit}")
        if value is not None:
            parts.append(f"{name} {value:.{digits}f} {unit}")
    return "  ".join(parts)


def _colour(defect: Defect) -> Bgr:
    return _CLASS_COLOURS[(defect.class_id - 1) % len(_CLASS_COLOURS)]


def _banner(pen: _Pen, inspection: Inspection) -> None:
    width, height = pen.image.shape[1], min(pen.px(_BANNER_PX), pen.image.shape[0])
    verdict = inspection.verdict
    pen.shade((0, 0, width, height), _DARK, 0.82)
    cv2.rectangle(pen.image, (0, height - pen.px(2)), (width, height), _LAMPS[verdict.judgement], cv2.FILLED)
    _lamp(pen, verdict.judgement, (pen.px(24), pen.px(22)))
    recipe = inspection.recipe
    left, room = pen.px(92), width - pen.px(100)
    place = inspection.file or f"{inspection.camera} #{inspection.frame_id}"
    heading = f"{recipe.name} {recipe.version}    {place}"
    pen.write(_fit(pen, heading, 0.4, room), (left, pen.px(17)), 0.4, _GREY)
    pen.write(_fit(pen, _summary(inspection), 0.46, room), (left, pen.px(36)), 0.46, _WHITE)


def _summary(inspection: Inspection) -> str:
    reasons, defects = inspection.verdict.reasons, len(inspection.defects)
    if reasons:
        return reasons[0].text + (f"  (+{len(reasons) - 1} more)" if len(reasons) > 1 else "")
    tops = [
        f"{found.classes[0].label} {found.classes[0].score:.2f}"
        for found in inspection.findings
        if found.classes
    ]
    if tops or _identities(inspection):
        return ", ".join([*tops, "no rule broken"])
    return "no rule broken" if defects else "no defect found"


def _lamp(pen: _Pen, judgement: Judgement, centre: Point) -> None:
    """Draw a green disc, a red square or an amber triangle, and the letters."""
    x, y, radius, colour = *centre, pen.px(14), _LAMPS[judgement]
    if judgement is Judgement.OK:
        cv2.circle(pen.image, centre, radius, colour, cv2.FILLED, cv2.LINE_AA)
    elif judgement is Judgement.NG:
        half = round(radius * 0.9)
        pen.fill(
            [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)], colour
        )
    else:
        pen.fill([(x, y - radius), (x + radius, y + radius), (x - radius, y + radius)], colour)
    pen.write(judgement.value, (x + pen.px(20), y + pen.px(9)), 0.85, colour)


def _fit(pen: _Pen, text: str, size: float, room_px: int) -> str:
    """Cut a text that is too long for the room."""
    if pen.text_wh(text, size)[0] <= room_px:
        return text
    while text and pen.text_wh(text + "...", size)[0] > room_px:
        text = text[:-1]
    return text + "..."
