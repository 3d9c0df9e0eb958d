"""The seams on the way in: sources, feeds, engines, tasks. Nothing here is implemented."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgevision.types import Findings, Frame, ImageBgr, ModelRef

__all__ = ["Engine", "EngineInfo", "Feed", "FeedCounters", "References", "Source", "Task", "Tensor"]

Tensor = npt.NDArray[Any]


class Source(Protocol):
    """Where frames come from. Used by one thread only, which also closes it."""

    @property
    def name(self) -> str:
        """The address for people, without credentials."""

    @property
    def is_live(self) -> bool:
        """True where frames are lost unless they are taken in time."""

    @property
    def frames_expected(self) -> int | None:
        """How many frames a recording says it has; None where nobody knows."""

    def open(self) -> None:
        """Open or reopen; raises CaptureError."""

    def read(self) -> Frame | None:
        """Return the next frame, or None: the recording is over or the camera gave nothing.

        Raises TruncatedInput once, after the last readable frame of a damaged recording.
        """

    def close(self) -> None:
        """Release the device; safe to call twice."""


@dataclass(frozen=True, slots=True)
class FeedCounters:
    """What happened at one source since the start."""

    frames_read: int = 0
    frames_skipped: int = 0
    """Replaced in the newest-frame slot before anyone took them."""
    reads_failed: int = 0
    """Also damaged pictures."""
    reopened: int = 0
    """How often a lost camera gave pictures again."""
    is_open: bool = False
    """It gave a picture since it was opened."""
    is_frozen: bool = False
    is_stalled: bool = False
    """A call into the driver is not coming back."""
    changed: str = ""
    """How size or format differ from what the camera gave at the start."""
    last_error: str = ""

    @property
    def trouble(self) -> str:
        """Why no picture of a live camera can be judged now, as a code; empty when all is well."""
        if self.is_stalled:
            return "camera_stalled"
        if not self.is_open:
            return "camera_lost" if self.last_error else ""
        if self.changed:
            return "camera_changed"
        return "camera_frozen" if self.is_frozen else ""


class Feed(Protocol):
    """A source with its own thread, as the loop sees it."""

    @property
    def camera(self) -> str:
        """Name of the camera."""

    @property
    def counters(self) -> FeedCounters:
        """A consistent copy of the counters."""

    @property
    def newest(self) -> Frame | None:
        """The frame read last, whoever took it; None before the first."""

    @property
    def frames_expected(self) -> int | None:
        """How many frames the recording says it has; None where nobody knows, or not yet."""

    @property
    def ended(self) -> bool:
        """True when no frame will ever come again."""

    def start(self) -> None:
        """Start the capture thread."""

    def take(self, timeout_s: float) -> Frame | None:
        """Return the newest unread frame (live) or the next one (recording); None on time-out.

        Raises the CaptureError that ended a recording, after its last frame was taken.
        """

    def stop(self) -> None:
        """Stop the thread and close the source; safe to call twice."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What runs a model: as asked, and as it really is."""

    engine: str
    """`onnxruntime` or `openvino`."""
    requested: str
    """Provider or device as asked for."""
    provider: str
    """Provider or device in use."""
    precision: str
    """`int8` or `fp32`: which ONNX file of the bundle."""
    version: str
    threads: int
    streams: int
    """How many calls of `infer` run at the same time without waiting for each other."""

    @property
    def is_fallback(self) -> bool:
        """True when another provider than the asked one is in use."""
        return self.requested != self.provider

    def named_in(self, model: ModelRef) -> ModelRef:
        """Return the reference to a model with what runs it now; the same object each time."""
        return _named(model, self.precision, self.engine, self.provider)


@lru_cache(maxsize=64)
def _named(model: ModelRef, precision: str, engine: str, provider: str) -> ModelRef:
    """Every frame asks for it, twice."""
    return replace(model, precision=precision, engine=engine, provider=provider)


class Engine(Protocol):
    """One loaded model. `infer` may be called from `streams` threads at once."""

    @property
    def info(self) -> EngineInfo:
        """What runs the model."""

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Run (1, H, W, C) uint8; returns the outputs in the order of the manifest.

        The returned arrays belong to the caller. Raises EngineError.
        """

    def close(self) -> None:
        """Free the model."""


class References(Protocol):
    """Pictures of good parts, for models that compare. Safe in many threads."""

    def registered(self, frame: Frame, box_xyxy: tuple[int, int, int, int]) -> ImageBgr:
        """Return the good part as it would lie in that box of the frame.

        Raises InspectionError when there is none for this frame, or it does not fit onto it.
        """


class Task(Protocol):
    """One step of a recipe: a model with its pre- and post-processing. Safe in many threads."""

    @property
    def name(self) -> str:
        """Name of the step in the recipe."""

    @property
    def model(self) -> ModelRef:
        """Which model it runs, and on what at this moment."""

    def run(self, frame: Frame) -> Findings:
        """Return what was found, in pixels of the frame.

        Raises InspectionError when this frame cannot be decided, EngineError when the engine failed.
        """
