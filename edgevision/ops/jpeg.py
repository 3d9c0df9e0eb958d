"""Pictures as JPEG."""

import cv2

from edgevision.types import ImageBgr

__all__ = ["jpeg"]


def jpeg(image_bgr: ImageBgr, quality: int = 90) -> bytes:
    """Return the file of a picture."""
    _, data = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()
