"""Makes the files of an exhibit: original, overlay, record. Takes time; not for the inspection path."""

from pathlib import PurePosixPath

import cv2

from edgevision.errors import EvidenceError
from edgevision.evidence.plan import Exhibit
from edgevision.messages import encoded_result
from edgevision.ops.draw import annotate
from edgevision.recipe import EvidenceImage
from edgevision.types import ImageBgr, Inspected

__all__ = ["jpeg", "render"]

_OVERLAY_QUALITY = 85


def render(
    inspected: Inspected, exhibit: Exhibit, image: EvidenceImage, *, station: str, uri: str, overlay: bool
) -> list[tuple[PurePosixPath, bytes]]:
    """Return path and content of each file; the original is the last.

    Raises:
        EvidenceError: OpenCV cannot encode the picture.
        ValueError: the inspection cannot be a message.
    """
    frame, inspection = inspected.seen, inspected.inspection
    message = encoded_result(inspection, station=station, result_uri=uri)
    files = [(exhibit.record, message + b"\n")]
    if overlay:
        drawn = annotate(frame.image_bgr, inspection)
        files.append((exhibit.overlay, jpeg(drawn, _OVERLAY_QUALITY)))
    is_png = image.format == "png"
    original = _png(frame.image_bgr) if is_png else jpeg(frame.image_bgr, image.jpeg_quality)
    files.append((exhibit.original, original))
    return files


def jpeg(image_bgr: ImageBgr, quality: int) -> bytes:
    """Return the picture as JPEG; raises EvidenceError."""
    return _encoded(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])


def _png(image_bgr: ImageBgr) -> bytes:
    return _encoded(".png", image_bgr, [])


def _encoded(suffix: str, image_bgr: ImageBgr, parameters: list[int]) -> bytes:
    try:
        is_encoded, content = cv2.imencode(suffix, image_bgr, parameters)
    except cv2.error as error:
        raise EvidenceError(f"a picture of {image_bgr.shape} cannot become {suffix}: {error}") from error
    if not is_encoded:
        raise EvidenceError(f"a picture of {image_bgr.shape} cannot become {suffix}; use the other format")
    return content.tobytes()
