"""One step of a recipe as objects: its bundle on an engine, and what else its task needs.

Part of the composition root; `build` makes whole stations of it.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from edgevision.bundle.archive import Bundle
from edgevision.bundle.manifest import Manifest
from edgevision.config.bundles import check_precision, open_bundles, open_detector
from edgevision.config.document import LoadedRecipe
from edgevision.config.sentences import suggestion
from edgevision.config.station import EngineSettings
from edgevision.engines.guard import GuardedEngine, load_guarded
from edgevision.errors import GalleryError, InspectionError
from edgevision.gallery.content import Gallery
from edgevision.gallery.file import GalleryFile
from edgevision.gallery.sealed import credential_path
from edgevision.ops.embed import Matcher
from edgevision.ports import References, Task
from edgevision.recipe import ClassifyStep, DetectStep, RecogniseStep, SegmentStep, Step
from edgevision.tasks.classify import ClassifyTask
from edgevision.tasks.detect import DetectTask
from edgevision.tasks.embedder import Embedder
from edgevision.tasks.recognise import RecogniseTask
from edgevision.tasks.references import open_references
from edgevision.tasks.segment import SegmentTask
from edgevision.types import ModelRef

__all__ = ["ModelStep", "StepLoader", "gallery_file", "open_gallery", "open_good_parts"]


@dataclass(frozen=True, slots=True, eq=False)
class ModelStep:
    """A step with its models loaded."""

    settings: Step
    bundle: Bundle
    engine: GuardedEngine
    detector: tuple[Manifest, GuardedEngine] | None
    """Of recognise steps that have one."""
    references: References | None = None
    """The good parts, of detect steps that compare."""
    matcher: Matcher | None = None
    """Who is enrolled, of recognise steps."""

    @property
    def model(self) -> ModelRef:
        """Which bundle runs, and on what at this moment."""
        info, manifest = self.engine.info, self.bundle.manifest
        return ModelRef(
            task=self.settings.name,
            bundle=manifest.name,
            version=manifest.version,
            sha256=self.bundle.sha256,
            precision=info.precision,
            engine=info.engine,
            provider=info.provider,
        )

    @property
    def threshold(self) -> float:
        """Return the score from which it reports defects; of steps that segment or detect."""
        step, manifest = self.settings, self.bundle.manifest
        if isinstance(step, SegmentStep):
            own, default = step.pixel_threshold, manifest.require_segment().pixel_threshold
        else:
            assert isinstance(step, DetectStep)
            own, default = step.score_threshold, manifest.require_detect().score_threshold
        return default if own is None else own

    @property
    def engines(self) -> dict[str, GuardedEngine]:
        """Return the engines by the step's name; the detector's has `.detector` after it."""
        detector = {} if self.detector is None else {f"{self.settings.name}.detector": self.detector[1]}
        return {self.settings.name: self.engine} | detector

    def embedder(self) -> Embedder:
        """Return the part of a recognise step that does not know who is enrolled."""
        assert isinstance(self.settings, RecogniseStep)
        return Embedder(self.settings, self.bundle.manifest, self.engine, self.detector)

    def task(self, px_per_mm: float | None = None, report_from: float | None = None) -> Task:
        """Return the task; the arguments are those of `DetectTask`."""
        step, manifest, engine, model = self.settings, self.bundle.manifest, self.engine, self.model
        match step:
            case SegmentStep():
                return SegmentTask(step, manifest, engine, model, px_per_mm)
            case ClassifyStep():
                return ClassifyTask(step, manifest, engine, model)
            case RecogniseStep():
                assert self.matcher is not None
                return RecogniseTask(step, manifest, engine, model, self.detector, matcher=self.matcher)
            case DetectStep():
                references = self.references
                return DetectTask(
                    step, manifest, engine, model, px_per_mm, references=references, report_from=report_from
                )


class StepLoader:
    """Loads steps of one recipe; a bundle that several of them name is loaded once."""

    def __init__(self, loaded: LoadedRecipe, settings: EngineSettings, streams: int) -> None:
        """Open the bundles; raises BundleError or ConfigError where they do not fit the recipe."""
        self._loaded, self._settings, self._streams = loaded, settings, streams
        self._bundles = open_bundles(loaded)
        self._engines: dict[str, GuardedEngine] = {}

    def steps(self) -> list[ModelStep]:
        """Return all steps, ready to run.

        Raises:
            BundleError: a detector is refused.
            ConfigError: a picture of a good part, or a gallery, does not serve, or a cascade was measured
                with another of its bundle's models than the engine runs.
            EngineError: no engine runs a bundle as required.
        """
        needs = [
            (open_good_parts(self._loaded, index), self._matcher(index))
            for index in range(len(self._bundles))
        ]
        return [
            replace(self.without_gallery(index), references=references, matcher=matcher)
            for index, (references, matcher) in enumerate(needs)
        ]

    def without_gallery(self, index: int) -> ModelStep:
        """Return one step of which only the models are needed; raises as `steps` does."""
        bundle = self._bundles[index]
        found_by = open_detector(self._loaded, index, bundle.manifest)
        detector = None if found_by is None else (found_by.manifest, self._engine(found_by))
        engine = self._engine(bundle)
        check_precision(self._loaded, index, engine.info.precision)
        return ModelStep(self._loaded.recipe.tasks[index], bundle, engine, detector)

    def close(self) -> None:
        """Free the models."""
        for engine in self._engines.values():
            engine.close()

    def _engine(self, bundle: Bundle) -> GuardedEngine:
        if bundle.sha256 not in self._engines:
            self._engines[bundle.sha256] = load_guarded(bundle, self._settings, self._streams)
        return self._engines[bundle.sha256]

    def _matcher(self, index: int) -> Matcher | None:
        step = self._loaded.recipe.tasks[index]
        if not isinstance(step, RecogniseStep):
            return None
        gallery = open_gallery(self._loaded, index, self._bundles[index])
        if gallery is None:
            path = gallery_file(step, self._loaded.base_dir).path
            text = f"expected a gallery at {path}, found none; enrol somebody with `edgevision enrol`"
            raise self._loaded.error(("tasks", index, "gallery"), text)
        return gallery.matcher()


def open_good_parts(loaded: LoadedRecipe, index: int) -> References | None:
    """Return the good parts that a step compares with, if any; raises ConfigError if one does not serve."""
    step = loaded.recipe.tasks[index]
    if not isinstance(step, DetectStep) or step.reference is None:
        return None
    try:
        return open_references(loaded.base_dir, step.reference)
    except InspectionError as error:
        raise loaded.error(("tasks", index, "reference"), str(error)) from error


def open_gallery(loaded: LoadedRecipe, index: int, bundle: Bundle) -> Gallery | None:
    """Return the gallery of the recognise step at `index`, whose model is `bundle`; None without any.

    Raises:
        GalleryError: it is damaged, or of another embedder.
        ConfigError: its key does not serve, or somebody expected is not enrolled.
    """
    step = loaded.recipe.tasks[index]
    assert isinstance(step, RecogniseStep)
    try:
        gallery = gallery_file(step, loaded.base_dir).read()
        if gallery is None:
            return None
        gallery.require_embedder(bundle.sha256, bundle.manifest.require_embed().dimensions)
    except GalleryError as error:
        raise GalleryError(str(loaded.error(("tasks", index, "gallery"), str(error)))) from error
    for name in () if step.expected in (None, "known") else step.expected:
        if name not in gallery.counts:
            text = f"nobody is enrolled as {name!r}{suggestion(name, sorted(gallery.counts))}"
            raise loaded.error(("tasks", index, "expected"), text)
    return gallery


def gallery_file(step: RecogniseStep, base_dir: Path) -> GalleryFile:
    """Return the gallery of a step, which need not exist; raises ConfigError where its key cannot."""
    key_file = step.gallery_key_path(base_dir)
    if step.gallery_key_credential is not None:
        key_file = credential_path(step.gallery_key_credential)
    return GalleryFile(step.gallery_path(base_dir), key_file)
