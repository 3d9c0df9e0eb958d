"""Embed models as the subject of gate, quantising and packing: cosines, TAR at FAR, golden embeddings.

A picture is judged OK when the identity in it is told rightly, `unknown` being right for one that is
not enrolled, else NG.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from edgevision.bundle.goldennumbers import read_numbers, write_numbers
from edgevision.bundle.manifest import InputSpec, Manifest, OutputSpec
from edgevision.engines.fake import FakeEngine
from edgevision.errors import BundleError, ManifestError
from edgevision.ops.embed import normalised
from edgevision.ops.image import model_batch
from edgevision.ports import Engine
from edgevision.recipe import Recipe, RecogniseStep, Region
from edgevision.tasks.embedder import Embedder
from edgevision.types import Frame, ImageBgr, Judgement
from export.description import Description
from export.embed.metrics import Ids, Vectors, identify, same_and_other, verification
from export.embed.people import Cast, Portrait
from export.materials import evenly
from export.subject import Batch, GoldenAnswer, GoldenInput, PictureResult, Run, Values

__all__ = ["MAX_TAR_LOSS", "EmbedRun", "EmbedSubject", "draft_embed_manifest", "inside", "recognise_recipe"]

MAX_TAR_LOSS: Final = 0.01
_CLEAR_MARGIN = 0.05
"""How far the cosine of a golden picture lies from the threshold at least."""
_LEAST_LACK, _MOST_LACK = 0.01, 0.05


def draft_embed_manifest(description: Description, input_name: str, output_name: str) -> Manifest:
    """Return a manifest that engines and tasks can work with; it has no golden samples or hashes yet."""
    if description.embed is None:
        raise ManifestError(f"{description.name}: expected a part embed in the description of an embedder")
    return Manifest.model_construct(  # type: ignore[call-arg]  # the rest is not known yet
        name=description.name,
        version=description.version,
        task="embed",
        input=InputSpec(name=input_name, size_wh=description.view.size_wh, color=description.color),
        outputs=(OutputSpec(name=output_name),),
        labels=(),
        embed=description.embed,
    )


def recognise_recipe(region: Region | None = None) -> Recipe:
    """Return the recipe that holds without one: whoever is unknown is NG."""
    step = RecogniseStep(
        name="recognise",
        task="recognise",
        bundle="under-test",
        gallery="under-test",
        region=region,
        expected="known",
    )
    return Recipe(name="nobody-unknown", version="1.0", tasks=(step,))


def inside(portrait: Portrait) -> Region:
    """Return the region that a picture's known box covers, in whole pixels."""
    height, width = portrait.image_bgr.shape[:2]
    edges = np.clip(np.rint(portrait.box_xyxy), 0, (width, height, width, height)).astype(int)
    left, top, right, bottom = edges.tolist()
    return Region(rectangle_xyxy=(left, top, right, bottom))


@dataclass(frozen=True, eq=False)
class EmbedRun:
    """What one model makes of gallery and probes."""

    gallery: Vectors
    probes: Vectors
    subject: "EmbedSubject"

    @cached_property
    def pictures(self) -> tuple[PictureResult, ...]:
        """Return one result per probe."""
        subject = self.subject
        cosines = self.probes @ self.gallery.T
        threshold = subject.manifest.require_embed().threshold
        results = []
        for probe, row in zip(subject.cast.probes, cosines, strict=True):
            nearest, best = subject.cast.gallery[int(row.argmax())].identity, float(row.max())
            named = nearest if best >= threshold else None
            truth = probe.identity if probe.identity in subject.cast.enrolled else None
            judgement = Judgement.OK if named == truth else Judgement.NG
            results.append(PictureResult(probe.name, judgement, abs(best - threshold) >= _CLEAR_MARGIN))
        return tuple(results)

    @cached_property
    def figures(self) -> dict[str, float]:
        """Verification by all pairs of probe and gallery; identification with others among the probes."""
        gallery_ids, probe_ids = self.subject.numbers
        known = np.isin(probe_ids, gallery_ids)
        pairs = same_and_other(self.gallery, gallery_ids, self.probes[known], probe_ids[known])
        found = identify(
            (self.gallery, gallery_ids), (self.probes[known], probe_ids[known]), self.probes[~known]
        )
        return {
            **verification(*pairs),
            "rank1": found.rank1,
            "tpir_1e2": found.tpir_1e2,
            "threshold_1e2": found.threshold,
        }

    def agreement(self, reference: Run) -> float:
        """Return the mean cosine of both models' embeddings of the same picture."""
        assert isinstance(reference, EmbedRun)
        return float(np.mean((self.probes * reference.probes).sum(axis=1)))

    def drawn(self, index: int) -> ImageBgr:
        """Return the nearest picture of the gallery."""
        subject = self.subject
        nearest = int((self.probes[index] @ self.gallery.T).argmax())
        return subject.crop(subject.cast.gallery[nearest])


class EmbedSubject:
    """An embed model with its pictures."""

    max_loss: Mapping[str, float] = {"tar_1e3": MAX_TAR_LOSS}
    has_truth = True

    def __init__(self, manifest: Manifest, calibration: Cast, cast: Cast) -> None:
        """Take a manifest, which may be a draft, whom to calibrate with and whom to judge by.

        Of a model that aligns by landmarks the pictures' boxes hold what is aligned already.
        """
        self.manifest, self.cast, self._calibration = manifest, cast, calibration
        embed = manifest.require_embed()
        boxed = embed.model_copy(update={"landmarks_xy": None})
        self._seen_as = manifest.model_copy(update={"embed": boxed})
        self.recipe = recognise_recipe()
        self.calibration_name, self.held_out_name = calibration.description, cast.description

    @property
    def pictures(self) -> int:
        """Return how many probes there are."""
        return len(self.cast.probes)

    @cached_property
    def numbers(self) -> tuple[Ids, Ids]:
        """Identities of gallery and probes as numbers."""
        names = sorted({one.identity for one in (*self.cast.gallery, *self.cast.probes)})
        number = {name: index for index, name in enumerate(names)}
        gallery, probes = (
            np.array([number[one.identity] for one in of], np.int64)
            for of in (self.cast.gallery, self.cast.probes)
        )
        return gallery, probes

    @property
    def golden_subject(self) -> "EmbedSubject":
        """Itself."""
        return self

    def calibration_inputs(self, limit: int) -> list[Batch]:
        """Return inputs of the pictures to calibrate with."""
        every = [*self._calibration.gallery, *self._calibration.probes]
        return [self._batch(every[index]) for index in evenly(len(every), limit)]

    def inputs(self, limit: int) -> list[Batch]:
        """Return inputs of probes."""
        return [self._batch(self.cast.probes[index]) for index in evenly(self.pictures, limit)]

    def values(self, engine: Engine, batch: Batch) -> Values:
        """Return the normalised embedding."""
        return normalised(engine.infer(batch)[0])

    def run(self, engine: Engine) -> EmbedRun:
        """Run gallery and probes through the device's crop and the model."""
        gallery, probes = (
            np.stack([self._seen(one, engine) for one in of]) for of in (self.cast.gallery, self.cast.probes)
        )
        return EmbedRun(gallery, probes, self)

    def golden_input(self, engine: Engine, index: int, judgement: Judgement) -> GoldenInput:  # noqa: ARG002
        """Return the input of a probe."""
        return GoldenInput(self.cast.probes[index].name, self._batch(self.cast.probes[index]))

    def golden_answer(self, engine: Engine, batch: Batch) -> GoldenAnswer:
        """Return the normalised embedding as JSON."""
        return GoldenAnswer(None, ".json", write_numbers(self.values(engine, batch)[0]))

    def golden_apart(self, expected: GoldenAnswer, got: GoldenAnswer) -> float:
        """Return what the cosine of two embeddings lacks of 1."""
        dimensions = self.manifest.require_embed().dimensions
        ours, theirs = (
            normalised(read_numbers(answer.data, dimensions, "golden")) for answer in (expected, got)
        )
        return max(1 - float(ours @ theirs), 0.0)

    def golden_terms(self, apart: float) -> dict[str, Any]:
        """Allow twice what engines here differ."""
        if 2 * apart > _MOST_LACK:
            raise BundleError(
                f"golden samples: expected engines to agree by a cosine of {1 - _MOST_LACK / 2:g}, got "
                f"{1 - apart:.4f}; the model is too uncertain to be checked on other machines"
            )
        lack = max(_LEAST_LACK, math.ceil(2000 * apart) / 1000)
        terms = {"golden_min_cosine": round(1 - lack, 4)}
        return {"embed": self.manifest.require_embed().model_copy(update=terms)}

    def image(self, index: int) -> ImageBgr:
        """Return a probe as the model sees it."""
        return self.crop(self.cast.probes[index])

    def truth_drawn(self, index: int) -> ImageBgr | None:
        """Return an enrolled picture of the same identity, where there is one."""
        identity = self.cast.probes[index].identity
        same = [one for one in self.cast.gallery if one.identity == identity]
        return self.crop(same[0]) if same else None

    def crop(self, portrait: Portrait) -> ImageBgr:
        """Return what the model sees of a picture."""
        answer = np.ones((1, self.manifest.require_embed().dimensions), np.float32)
        return self._look(portrait, FakeEngine(lambda _: answer))[0]

    def _batch(self, portrait: Portrait) -> Batch:
        return model_batch([self.crop(portrait)], self.manifest.input.color)

    def _seen(self, portrait: Portrait, engine: Engine) -> Vectors:
        return self._look(portrait, engine)[1]

    def _look(self, portrait: Portrait, engine: Engine) -> tuple[ImageBgr, Vectors]:
        """Let the device's stages see a picture where the identity is known to be."""
        step = recognise_recipe(inside(portrait)).tasks[0]
        assert isinstance(step, RecogniseStep)
        frame = Frame(portrait.image_bgr, "held-out", 0, 0, 0, file=portrait.name)
        (seen,), _ = Embedder(step, self._seen_as, engine).look(frame)
        if seen.crop_bgr is None or seen.embedding is None:
            raise BundleError(f"{portrait.name}: expected a usable picture, got {seen.problem}; leave it out")
        return seen.crop_bgr, seen.embedding
