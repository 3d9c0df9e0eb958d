"""Find, align, check, embed: the part of recognition that does not know who is enrolled.

The recognise task and enrolment both use it, so that both see the same.
"""

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgevision.bundle.manifest import Manifest
from edgevision.errors import InspectionError
from edgevision.ops.align import box_crop, similarity, warped
from edgevision.ops.embed import normalised
from edgevision.ops.image import model_batch
from edgevision.ops.quality import sharpness, yaw_deg
from edgevision.ports import Engine
from edgevision.recipe import RecogniseStep
from edgevision.tasks.finder import Finder
from edgevision.tasks.region import Box, is_inside, region_box, whole_pixels
from edgevision.types import Frame, ImageBgr

__all__ = ["Embedder", "Seen"]

Landmarks = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One thing that was found."""

    box_xyxy: Box
    """In pixels of the frame."""
    crop_bgr: ImageBgr | None
    """As the model sees it; None where it cannot be aligned."""
    embedding: npt.NDArray[np.float32] | None
    """(D,), normalised; None where there is a problem."""
    problem: str = ""
    """Why it is not good enough to be told."""


class Embedder:
    """The models of one recognise step. Keeps no state between frames; safe in many threads."""

    def __init__(
        self,
        step: RecogniseStep,
        spec: Manifest,
        engine: Engine,
        detector: tuple[Manifest, Engine] | None = None,
    ) -> None:
        """Take an embed bundle's manifest with its engine, and those of the step's detector if it has one."""
        self._step, self._spec, self._engine = step, spec, engine
        self._embed = spec.require_embed()
        self._finder = None if detector is None else Finder(step.name, *detector)
        self._min_score = 0.0 if detector is None else detector[0].require_detect().score_threshold

    def look(self, frame: Frame) -> tuple[list[Seen], int]:
        """Return what is seen in the step's region, by falling score, and the time that inference took.

        Raises:
            InspectionError: the region does not lie in this frame, or an answer is no numbers.
            EngineError: an engine failed.
        """
        region = region_box(self._step, frame)
        if self._finder is None:
            seen, infer_ns = self._see(frame, region, None)
            return [seen], infer_ns
        left, top, right, bottom = region
        answers, infer_ns = self._finder.answers([frame.image_bgr[top:bottom, left:right]])
        found, _ = self._finder.found(answers, (right - left, bottom - top), self._min_score)
        every: list[Seen] = []
        for index, box in enumerate(whole_pixels(found.boxes_xyxy, region)):
            if is_inside(self._step, box):
                points = None if found.landmarks_xy is None else found.landmarks_xy[index] + (left, top)
                seen, took_ns = self._see(frame, box, points)
                every.append(seen)
                infer_ns += took_ns
        return every, infer_ns

    def _see(self, frame: Frame, box: Box, landmarks_xy: Landmarks | None) -> tuple[Seen, int]:
        crop = self._crop(frame.image_bgr, box, landmarks_xy)
        if crop is None:
            return Seen(box, None, None, "landmarks that coincide"), 0
        if problem := self._problem(box, crop, landmarks_xy):
            return Seen(box, crop, None, problem), 0
        batch = model_batch([crop], self._spec.input.color)
        started_ns = time.monotonic_ns()
        raw = self._engine.infer(batch)[0][0]
        infer_ns = time.monotonic_ns() - started_ns
        if not np.isfinite(raw).all():
            raise InspectionError(
                f"task {self._step.name}: expected numbers from the model, got NaN or infinity; "
                "try another precision or engine, or build the bundle again"
            )
        return Seen(box, crop, normalised(raw)), infer_ns

    def _crop(self, image_bgr: ImageBgr, box: Box, landmarks_xy: Landmarks | None) -> ImageBgr | None:
        size_wh, template = self._spec.input.size_wh, self._embed.landmarks_xy
        if template is None:
            return warped(image_bgr, box_crop(box, self._embed.margin, size_wh), size_wh)
        if landmarks_xy is None:
            raise InspectionError(
                f"task {self._step.name}: bundle {self._spec.name} aligns by five landmarks, got none; give "
                "a detector that finds them"
            )
        matrix = similarity(landmarks_xy, np.array(template)) if np.isfinite(landmarks_xy).all() else None
        return None if matrix is None else warped(image_bgr, matrix, size_wh)

    def _problem(self, box: Box, crop: ImageBgr, landmarks_xy: Landmarks | None) -> str:
        """Return in words what of size, sharpness and pose is not good enough; empty when all is."""
        embed = self._embed
        size_px = min(box[2] - box[0], box[3] - box[1])
        if size_px < embed.min_size_px:
            return f"{size_px} px are too small, at least {embed.min_size_px:g} needed"
        if embed.min_sharpness and (sharp := sharpness(crop)) < embed.min_sharpness:
            return f"a sharpness of {sharp:.0f} is blurred, at least {embed.min_sharpness:g} needed"
        if embed.max_yaw_deg is not None and landmarks_xy is not None:
            yaw = yaw_deg(landmarks_xy)
            if yaw > embed.max_yaw_deg:
                return f"turned away by {yaw:.0f} degrees, at most {embed.max_yaw_deg:g} allowed"
        return ""
