"""Measures a finished embed bundle, with or without a detector, through all of the device's own stages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from edgevision.bundle.archive import Bundle
from edgevision.bundle.manifest import Manifest
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import UsageError
from edgevision.ports import Engine
from edgevision.recipe import RecogniseStep
from edgevision.tasks.embedder import Embedder, Seen
from edgevision.types import Frame, ImageBgr
from export.embed.metrics import Vectors
from export.embed.people import Cast, Portrait
from export.embed.subject import EmbedRun, EmbedSubject, inside
from export.embed.worsen import worsened

__all__ = ["EmbedEvaluation", "evaluate_embed"]


@dataclass(frozen=True, slots=True)
class EmbedEvaluation:
    """How well a bundle tells identities apart."""

    bundle: str
    sha256: str
    detector: str | None
    data: str
    engine: str
    precision: str
    worsened_to_px: float | None
    pictures: int
    not_found: int
    """Pictures in which nothing was found; they match nothing."""
    figures: dict[str, float]

    def as_values(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return asdict(self)


def evaluate_embed(
    bundle: Bundle,
    detector: Bundle | None,
    request: EngineRequest,
    cast: Cast,
    worsen_px: float | None = None,
) -> EmbedEvaluation:
    """Look at every picture as the device would, and match probes with the gallery.

    Args:
        bundle: An embed bundle.
        detector: Finds what is to be told; without one the pictures' own boxes are believed.
        request: What runs both.
        cast: Gallery and probes.
        worsen_px: Width to which what was found shrinks before everything, probes only, see
            `export.embed.worsen`; needs the detector.

    Raises:
        UsageError: `worsen_px` without a detector.
        EngineError: the engine is not there or fails.
        BundleError: golden samples do not reproduce on it.
    """
    if worsen_px is not None and detector is None:
        raise UsageError("shrinking to a width: expected a detector, which says how wide a face is")
    engine = load_engine(bundle, request)
    finder = None if detector is None else (detector.manifest, load_engine(detector, request))
    look = _Look(bundle, engine, finder)
    try:
        gallery = [look.at(one, one.image_bgr) for one in cast.gallery]
        probes = [look.at(one, look.worse(one, number, worsen_px)) for number, one in enumerate(cast.probes)]
    finally:
        engine.close()
        if finder is not None:
            finder[1].close()
    everyone = [*gallery, *probes]
    run = EmbedRun(look.vectors(gallery), look.vectors(probes), EmbedSubject(bundle.manifest, cast, cast))
    return EmbedEvaluation(
        bundle=f"{bundle.manifest.name} {bundle.manifest.version}",
        sha256=bundle.sha256,
        detector=None if detector is None else f"{detector.manifest.name} {detector.manifest.version}",
        data=cast.description,
        engine=engine.info.engine,
        precision=engine.info.precision,
        worsened_to_px=worsen_px,
        pictures=len(everyone),
        not_found=sum(seen is None or seen.embedding is None for seen in everyone),
        figures=run.figures,
    )


class _Look:
    """The stages of a recognise step without a gallery."""

    def __init__(self, bundle: Bundle, engine: Engine, finder: tuple[Manifest, Engine] | None) -> None:
        self._manifest, self._engine, self._finder = bundle.manifest, engine, finder

    def at(self, portrait: Portrait, image_bgr: ImageBgr) -> Seen | None:
        """Return what is found first, or None."""
        region = None
        if self._finder is None:
            region = inside(portrait)
        step = RecogniseStep(name="look", task="recognise", bundle="given", gallery="none", region=region)
        frame = Frame(image_bgr, "held-out", 0, 0, 0, file=portrait.name)
        seen, _ = Embedder(step, self._manifest, self._engine, self._finder).look(frame)
        return seen[0] if seen else None

    def worse(self, portrait: Portrait, number: int, to_px: float | None) -> ImageBgr:
        """Return the picture as a worse camera gives it; as it is where nothing is found in it."""
        seen = None if to_px is None else self.at(portrait, portrait.image_bgr)
        if seen is None or to_px is None:
            return portrait.image_bgr
        return worsened(portrait.image_bgr, seen.box_xyxy[2] - seen.box_xyxy[0], to_px, number)

    def vectors(self, every: Sequence[Seen | None]) -> Vectors:
        """Return (n, D); 0 where nothing was found."""
        nothing = np.zeros(self._manifest.require_embed().dimensions, np.float32)
        return np.stack(
            [nothing if seen is None or seen.embedding is None else seen.embedding for seen in every]
        )
