"""Sets the defects of one picture into another, so that few known defects meet many surfaces.

After "Simple Copy-Paste" (Ghiasi et al., 2021), with two changes for surfaces: a defect keeps its
difference to its own surroundings, not its grey levels, and that difference may be made fainter.
Pure array functions; every choice comes from the generator that is passed in.
"""

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.types import ClassMap, ImageBgr

__all__ = ["paste_defects"]

Mask = npt.NDArray[np.uint8]

_RING_PX = 15
_EDGE_SIGMA_PX = 1.5
_SURFACE_PX = 41
"""Over this side the target's light is averaged; its texture gives way to that of the defect."""


def paste_defects(
    rng: np.random.Generator,
    onto: tuple[ImageBgr, ClassMap],
    donor: tuple[ImageBgr, ClassMap],
    contrast: tuple[float, float],
) -> tuple[ImageBgr, ClassMap]:
    """Return `onto` with every defect pixel of `donor`; all arrays are of one height and width.

    `contrast` is the lowest and the highest factor for the defects' difference to their surroundings.
    """
    image, class_map = onto
    donor_image, donor_map = donor
    mask = (donor_map > 0).astype(np.uint8)
    around = _dilated(mask, _RING_PX) - mask
    if not mask.any() or not around.any():
        return onto
    difference = donor_image.astype(np.float32) - np.float32(donor_image[around > 0].mean(axis=0))
    light = cv2.blur(image, (_SURFACE_PX, _SURFACE_PX)).astype(np.float32)
    pasted = light + np.float32(rng.uniform(*contrast)) * difference
    share = cv2.GaussianBlur(_dilated(mask, 1).astype(np.float32), (0, 0), _EDGE_SIGMA_PX)[:, :, None]
    mixed = np.clip(image * (1 - share) + pasted * share, 0, 255)
    return mixed.astype(np.uint8), np.where(mask > 0, donor_map, class_map)


def _dilated(mask: Mask, radius_px: int) -> Mask:
    side = 2 * radius_px + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask, kernel), np.uint8)
