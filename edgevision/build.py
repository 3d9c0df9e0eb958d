"""The composition root: settings become objects. With `assembly` it knows every adapter."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import cv2

from edgevision.assembly import ModelStep, StepLoader
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
from edgevision.config.changegate import ChangeGateSettings
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import CameraSettings, EngineSettings
from edgevision.engines.guard import EngineHealth, GuardedEngine
from edgevision.errors import ConfigError
from edgevision.gate import ChangeGate, watched_box
from edgevision.health import Beat, unwatched
from edgevision.inspector import Inspector
from edgevision.ports import EngineInfo, Feed, Source, Task
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


class Models:
    """The models of a recipe, loaded once and shared by all cameras."""

    def __init__(self, loaded: LoadedRecipe, settings: EngineSettings, streams: int) -> None:
        """Open the bundles, choose and load their engines, run the golden samples.

        Raises:
            BundleError: a bundle is refused.
            ConfigError: a picture of a good part, or a gallery, cannot be read or does not serve.
            GalleryError: a gallery is refused.
            EngineError: no engine runs it as required.
        """
        cv2.setNumThreads(1)  # The cores are shared out between the workers; OpenCV's own threads spin.
        self._recipe = loaded
        self._steps: Sequence[ModelStep] = StepLoader(loaded, settings, streams).steps()

    @property
    def refs(self) -> tuple[ModelRef, ...]:
        """Return which bundle each step runs, and on what."""
        return tuple(step.model for step in self._steps)

    @property
    def engines(self) -> dict[str, EngineInfo]:
        """Return what runs each step, by the names of `ModelStep.engines`."""
        return {name: engine.info for step in self._steps for name, engine in step.engines.items()}

    @property
    def health(self) -> dict[str, EngineHealth]:
        """Return how each step's engines are doing, by the names of `ModelStep.engines`."""
        return {name: engine.health for step in self._steps for name, engine in step.engines.items()}

    def tasks(self, px_per_mm: float | None = None, report_from: float | None = None) -> list[Task]:
        """Return the task of each step; the arguments are those of `DetectTask`."""
        return [step.task(px_per_mm, report_from) for step in self._steps]

    def inspector(
        self,
        run_id: str,
        *,
        px_per_mm: float | None = None,
        is_simulated: bool = False,
        report_from: float | None = None,
        change_gate: ChangeGateSettings | None = None,
    ) -> Inspector:
        """Return the inspector of one camera; `report_from` is that of `DetectTask`.

        A `change_gate` is for recipes without a `gate_problem`.
        """
        tasks = self.tasks(px_per_mm, report_from)
        gate = None if change_gate is None else self._gate(change_gate)
        recipe = self._recipe
        return Inspector(recipe.recipe, recipe.ref, tasks, run_id, is_simulated=is_simulated, gate=gate)

    def _gate(self, settings: ChangeGateSettings) -> ChangeGate:
        return ChangeGate(
            tolerance=settings.tolerance,
            full_every_s=settings.full_every_s,
            thresholds={step.settings.name: step.threshold for step in self._steps},
            box_xyxy=watched_box(self._recipe.recipe),
        )

    def retire(self) -> None:
        """Repair no engine any more: the last inspections with these models are under way."""
        for engine in self._engines():
            engine.retire()

    def close(self) -> None:
        """Free the models."""
        for engine in self._engines():
            engine.close()

    def _engines(self) -> Collection[GuardedEngine]:
        return {id(engine): engine for step in self._steps for engine in step.engines.values()}.values()
