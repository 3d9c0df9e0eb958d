"""What a preview says besides its pixels: which inspection it shows, and the outlines of the defects.

Both are comments of the JPEG file (ITU-T T.81, B.2.4.5), which viewers pass over: `result_id=ID`, and
`outlines=` with a JSON list of closed polygons `[x, y, x, y, …]` in pixels of the source frame, in the
order of the defects. Boxes, classes and identities stand in the result. Pure; encodes no pixels.
"""

import json

from edgevision.ops.polygons import is_box, simplified
from edgevision.types import Inspection

__all__ = ["preview_message"]

_OUTLINES_MAX = 64
_COMMENT_BYTES_MAX = 0xFFFF - 2


def preview_message(jpeg: bytes, inspection: Inspection, tolerance_px: float) -> bytes:
    """Return the JPEG file with its comments.

    Args:
        jpeg: A complete file.
        inspection: Which it shows.
        tolerance_px: Outlines may lie so far beside; as large as a pixel of the preview is in the source.
    """
    comments = [f"result_id={inspection.result_id}"]
    outlines = _outlines(inspection, tolerance_px)
    if outlines:
        comments.append(f"outlines={json.dumps(outlines, separators=(',', ':'))}")
    return jpeg[:2] + b"".join(map(_segment, comments)) + jpeg[2:]


def _outlines(inspection: Inspection, tolerance_px: float) -> list[list[int]]:
    """Return the outlines that say more than their box, as many as one comment holds."""
    outlines: list[list[int]] = []
    room_bytes = _COMMENT_BYTES_MAX - len("outlines=[]")
    for defect in inspection.defects[:_OUTLINES_MAX]:
        if is_box(defect.outline_xy, defect.box_xyxy):
            continue
        outline: list[int] = simplified(defect.outline_xy, tolerance_px).ravel().tolist()
        room_bytes -= sum(len(str(each)) + 1 for each in outline) + 2
        if room_bytes < 0:
            break
        outlines.append(outline)
    return outlines


def _segment(comment: str) -> bytes:
    text = comment.encode()
    return b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
