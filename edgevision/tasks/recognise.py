"""Recognition: what an embedder sees is matched with a gallery; whoever resembles nobody is unknown."""

from edgevision.bundle.manifest import Manifest
from edgevision.ops.embed import Matcher
from edgevision.ports import Engine
from edgevision.recipe import RecogniseStep
from edgevision.tasks.embedder import Embedder, Seen
from edgevision.types import Findings, Frame, Identity, ModelRef

__all__ = ["RecogniseTask"]


class RecogniseTask:
    """One recognise step of a recipe. Keeps no state between frames; safe in many threads."""

    def __init__(
        self,
        step: RecogniseStep,
        spec: Manifest,
        engine: Engine,
        model: ModelRef,
        detector: tuple[Manifest, Engine] | None = None,
        *,
        matcher: Matcher,
    ) -> None:
        """Take the step, its embed bundle's manifest and engine, those of its detector, and the gallery.

        `model` names what runs in every result.
        """
        self._step, self._engine, self._model, self._matcher = step, engine, model, matcher
        self._embedder = Embedder(step, spec, engine, detector)
        self._threshold = spec.require_embed().threshold if step.threshold is None else step.threshold

    @property
    def name(self) -> str:
        """Name of the step."""
        return self._step.name

    @property
    def model(self) -> ModelRef:
        """Which embedder runs, and on what at this moment."""
        return self._engine.info.named_in(self._model)

    def run(self, frame: Frame) -> Findings:
        """Return who or which variant is in the region; raises as `Embedder.look` does."""
        every, infer_ns = self._embedder.look(frame)
        identities = tuple(self._identity(seen) for seen in every)
        return Findings(self.name, (), infer_ns=infer_ns, identities=identities)

    def _identity(self, seen: Seen) -> Identity:
        if seen.embedding is None:
            return Identity(None, 0.0, seen.box_xyxy, seen.problem)
        match = self._matcher.match(seen.embedding, self._step.neighbours)
        if match is None:
            return Identity(None, 0.0, seen.box_xyxy)
        name = match.name if match.score >= self._threshold else None
        return Identity(name, match.score, seen.box_xyxy)
