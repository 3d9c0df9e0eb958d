import json
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from edgevision.messages.preview import preview_message
from edgevision.types import Defect, Findings, Inspection
from tests.inspections import CRACK, ng_inspection, ok_inspection

JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()


def comments(jpeg: bytes) -> list[str]:
    """Return the comment segments before the picture data."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4])
        if jpeg[at + 1] == 0xFE:
            found.append(jpeg[at + 4 : at + 2 + length].decode())
        at += 2 + length
    return found


def outlines(jpeg: bytes) -> list[list[int]]:
    (text,) = (text for text in comments(jpeg) if text.startswith("outlines="))
    found: list[list[int]] = json.loads(text.removeprefix("outlines="))
    return found


def crack(points_xy: Sequence[tuple[int, int]]) -> Defect:
    outline = np.array(points_xy, np.int32)
    left, top, width, height = cv2.boundingRect(outline)
    return replace(CRACK, box_xyxy=(left, top, left + width, top + height), outline_xy=outline)


def with_defects(*defects: Defect) -> Inspection:
    return replace(ng_inspection(), findings=(Findings("cracks", defects),))


def test_a_part_without_defects_is_only_named() -> None:
    jpeg = preview_message(JPEG, ok_inspection(result_id="0190-ok"), 1.0)

    assert comments(jpeg) == ["result_id=0190-ok"]


def test_outlines_stand_in_the_order_of_the_defects() -> None:
    first, second = crack([(2, 3), (9, 4), (5, 30)]), crack([(30, 8), (44, 9), (40, 20), (33, 22)])
    jpeg = preview_message(JPEG, with_defects(first, second), 1.0)

    assert outlines(jpeg) == [[2, 3, 9, 4, 5, 30], [30, 8, 44, 9, 40, 20, 33, 22]]


def test_the_picture_is_the_same_with_comments() -> None:
    jpeg = preview_message(JPEG, with_defects(crack([(2, 3), (9, 4), (5, 30)])), 1.0)

    plain, commented = (
        cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR) for each in (JPEG, jpeg)
    )
    assert plain is not None
    assert commented is not None
    assert np.array_equal(plain, commented)


def test_an_outline_is_no_finer_than_the_preview() -> None:
    wave = crack([(x, 20 + x % 2) for x in range(60)] + [(59, 40), (0, 40)])

    assert len(outlines(preview_message(JPEG, with_defects(wave), 4.0))[0]) == 8


def test_a_box_is_left_to_the_result() -> None:
    box = crack([(2, 3), (9, 3), (9, 30), (2, 30)])

    assert len(comments(preview_message(JPEG, with_defects(box), 1.0))) == 1


def test_more_than_a_comment_holds_is_left_out() -> None:
    rng = np.random.default_rng(0)
    jagged = crack([(int(x), int(y)) for x, y in rng.integers(10_000, 99_999, (1500, 2))])
    told = outlines(preview_message(JPEG, with_defects(*[jagged] * 9), 0.0))

    assert 2 <= len(told) < 9
    assert len({len(each) for each in told}) == 1
