"""Whether a crop is good enough to be told apart: sharpness and turn, as plain numbers. Pure."""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["sharpness", "yaw_deg"]

_FACE_XYZ = np.array(((-31.5, 0, 0), (31.5, 0, 0), (0, 38, 30), (-25, 70, 5), (25, 70, 5)), np.float64)
"""Rough mean of adults in millimetres: eyes, nose's tip, mouth's corners; x right, y down, z forward."""


def sharpness(crop_bgr: npt.NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian of the grey picture: small where it is blurred or flat.

    Only pictures of one size can be compared, which is why a model's input is what to give it.
    J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    grey = cv2.cvtColor(crop_bgr, cv2.COLOR_BGR2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def yaw_deg(landmarks_xy: npt.NDArray[np.floating]) -> float:
    """Return how far a face is turned to a side, 0 to 90 degrees, within some 10 degrees.

    The five points are fitted by a parallel projection of a mean face, whose nose sticks out.

    Args:
        landmarks_xy: (5, 2): eye, eye, nose's tip, mouth's corners, left to right as they are seen.
    """
    face = np.column_stack((_FACE_XYZ, np.ones(len(_FACE_XYZ))))
    projection = np.linalg.lstsq(face, np.asarray(landmarks_xy, np.float64), rcond=None)[0][:3].T
    across = np.cross(projection[0], projection[1])
    length = np.linalg.norm(across)
    if length == 0.0:
        return 90.0
    return float(np.degrees(np.arcsin(min(abs(across[0]) / length, 1.0))))
