"""The composition root: settings become objects. The only module that knows every adapter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.bundle.archive import Bundle
from edgevision.capture.address import kind_of
from edgevision.capture.feed import RecordingFeed
from edgevision.capture.folder import FolderSource
from edgevision.capture.live import LiveFeed
from edgevision.capture.opencv import CameraSource, UrlSource
from edgevision.capture.sample import SampleSource, parse_sample_address
from edgevision.capture.segment import SegmentSource
from edgevision.capture.session import SessionSource
from edgevision.capture.slot import FrameTap
from edgevision.capture.video import VideoSource
from edgevision.config.bundles import open_bundles
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import CameraSettings, EngineSettings
from edgevision.engines.guard import EngineHealth, GuardedEngine, load_guarded
from edgevision.errors import ConfigError, InspectionError
from edgevision.health import Beat, unwatched
from edgevision.inspector import Inspector
from edgevision.ports import EngineInfo, Feed, References, Source, Task
from edgevision.recipe import DetectStep, SegmentStep
from edgevision.tasks.detect import DetectTask
from edgevision.tasks.references import open_references
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Frame, ModelRef

__all__ = ["Models", "open_feed", "open_segment", "open_tapped_feed"]

_STOP_TIMEOUT_S = 2.0
_DRIVER_GRACE_S = 1.0
"""A call that takes so much longer than it was told to is stuck."""


def open_feed(camera: CameraSettings, frames: int | None = None, beat: Beat = unwatched) -> Feed:
    """Return the feed of a camera, not started; the sample line ends after `frames` parts.

    Raises:
        CaptureError: the address names nothing that can be opened.
    """
    source = _source(camera, frames)
    if source.is_live:
        return _live(source, camera, beat)
    return RecordingFeed(source, camera.name, beat=beat)


def open_segment(camera: CameraSettings, first: int, count: int | None) -> Feed:
    """Return the feed of a part of a recording, not started: `count` frames from `first`, or all the rest.

    Raises:
        CaptureError: the address names nothing that can be opened.
    """
    return RecordingFeed(SegmentSource(_source(camera, None), first, count), camera.name)


def open_tapped_feed(camera: CameraSettings, show: Callable[[Frame], None], beat: Beat = unwatched) -> Feed:
    """Return the feed of a triggered camera, not started; `show` gets each frame in the capture thread.

    Raises:
        CaptureError: the address names nothing that can be opened.
        ConfigError: the source is a recording, whose frames cannot come after a trigger.
    """
    if kind_of(camera.source) in ("video", "folder", "session"):
        raise ConfigError(
            f"camera {camera.name}: mode {camera.mode} needs frames that are exposed now; expected a camera, "
            "a stream or the sample line, got a recording; use mode: continuous"
        )
    return _live(_source(camera, None), camera, beat, FrameTap(show))


def _live(source: Source, camera: CameraSettings, beat: Beat, tap: FrameTap | None = None) -> LiveFeed:
    return LiveFeed(
        source,
        camera.name,
        reopen_min_s=camera.reopen_min_s,
        reopen_max_s=camera.reopen_max_s,
        open_limit_s=camera.open_timeout_s + _DRIVER_GRACE_S,
        read_limit_s=camera.read_timeout_s + _DRIVER_GRACE_S,
        frozen_after_s=camera.frozen_after_s,
        stop_timeout_s=_STOP_TIMEOUT_S,
        handover=tap,
        beat=beat,
    )


def _source(camera: CameraSettings, frames: int | None) -> Source:
    match kind_of(camera.source):
        case "camera":
            return CameraSource(camera)
        case "url":
            return UrlSource(camera)
        case "video":
            return VideoSource(Path(camera.source), camera.name)
        case "folder":
            return FolderSource(Path(camera.source), camera.name)
        case "session":
            return SessionSource(Path(camera.source))
        case "sample":
            return SampleSource(parse_sample_address(camera.source), frames, camera.name, camera.fps)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    settings: SegmentStep | DetectStep
    bundle: Bundle
    engine: GuardedEngine
    references: References | None

    @property
    def model(self) -> ModelRef:
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

    def task(self, px_per_mm: float | None, report_from: float | None) -> Task:
        """Return the task around the engine."""
        step, manifest, engine, model = self.settings, self.bundle.manifest, self.engine, self.model
        if isinstance(step, SegmentStep):
            return SegmentTask(step, manifest, engine, model, px_per_mm)
        return DetectTask(
            step, manifest, engine, model, px_per_mm, references=self.references, report_from=report_from
        )


class Models:
    """The models of a recipe, loaded once and shared by all cameras."""

    def __init__(self, loaded: LoadedRecipe, settings: EngineSettings, streams: int) -> None:
        """Open the bundles, choose and load their engines, run the golden samples.

        Raises:
            BundleError: a bundle is refused.
            ConfigError: a picture of a good part cannot be read.
            EngineError: no engine runs it as required.
        """
        self._recipe = loaded
        engines: dict[str, GuardedEngine] = {}
        steps = []
        bundles = open_bundles(loaded)
        references = [_references(loaded, index) for index in range(len(bundles))]
        for step, bundle, reference in zip(loaded.recipe.tasks, bundles, references, strict=True):
            if bundle.sha256 not in engines:
                engines[bundle.sha256] = load_guarded(bundle, settings, streams)
            steps.append(_Step(step, bundle, engines[bundle.sha256], reference))
        self._steps: Sequence[_Step] = steps

    @property
    def refs(self) -> tuple[ModelRef, ...]:
        """Return which bundle each step runs, and on what."""
        return tuple(step.model for step in self._steps)

    @property
    def engines(self) -> dict[str, EngineInfo]:
        """Return what runs each step, by the step's name."""
        return {step.settings.name: step.engine.info for step in self._steps}

    @property
    def health(self) -> dict[str, EngineHealth]:
        """Return how the engine of each step is doing, by the step's name."""
        return {step.settings.name: step.engine.health for step in self._steps}

    def inspector(
        self,
        run_id: str,
        *,
        px_per_mm: float | None = None,
        is_simulated: bool = False,
        report_from: float | None = None,
    ) -> Inspector:
        """Return the inspector of one camera; `report_from` is that of `DetectTask`."""
        tasks = [step.task(px_per_mm, report_from) for step in self._steps]
        return Inspector(
            self._recipe.recipe, self._recipe.ref, tasks, run_id=run_id, is_simulated=is_simulated
        )

    def close(self) -> None:
        """Free the models."""
        for engine in {id(step.engine): step.engine for step in self._steps}.values():
            engine.close()


def _references(loaded: LoadedRecipe, index: int) -> References | None:
    step = loaded.recipe.tasks[index]
    if not isinstance(step, DetectStep) or step.reference is None:
        return None
    try:
        return open_references(loaded.base_dir, step.reference)
    except InspectionError as error:
        raise loaded.error(("tasks", index, "reference"), str(error)) from error
