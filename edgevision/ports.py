"""The seams: what the loop needs of cameras, engines, tasks, sinks and brokers.

Each port is one small protocol; adapters implement it and every adapter package also
ships a fake. Nothing here is implemented.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgevision.types import Findings, Frame, Inspected, Judgement, ModelRef

__all__ = [
    "Broker",
    "Delivery",
    "Engine",
    "EngineInfo",
    "Feed",
    "FeedCounters",
    "InspectionSink",
    "Message",
    "Outbox",
    "OutboxRow",
    "Source",
    "Task",
    "Tensor",
]

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
    reopened: int = 0
    is_open: bool = False
    is_frozen: bool = False
    last_error: str = ""


class Feed(Protocol):
    """A source with its own thread, as the loop sees it."""

    @property
    def camera(self) -> str:
        """Name of the camera."""

    @property
    def counters(self) -> FeedCounters:
        """A consistent copy of the counters."""

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


class Task(Protocol):
    """One step of a recipe: a model with its pre- and post-processing. Safe in many threads."""

    @property
    def name(self) -> str:
        """Name of the step in the recipe."""

    @property
    def model(self) -> ModelRef:
        """Which model it runs, and on what."""

    def run(self, frame: Frame) -> Findings:
        """Return what was found, in pixels of the frame.

        Raises InspectionError when this frame cannot be decided, EngineError when the engine failed.
        """


class InspectionSink(Protocol):
    """Takes finished inspections, in the order of each camera."""

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Take over responsibility; when this returns, nothing is lost by the caller's end.

        Called by one thread at a time for each camera. Must not block on a network.
        """


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message to send."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    expiry_s: int | None = None
    """MQTT 5 only; ignored on 3.1.1."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one message ended: `ok` only on a successful PUBACK (or when sent, for QoS 0)."""

    ok: bool
    reason: str = ""
    refused: bool = False
    """The broker answered and said no: the same message at once would be refused again."""


class Broker(Protocol):
    """A connection to an MQTT broker that looks after itself."""

    @property
    def is_connected(self) -> bool:
        """True between a successful CONNACK and the loss of the connection."""

    @property
    def receive_maximum(self) -> int:
        """How many QoS 1 messages may be unacknowledged, from CONNACK; 65535 when not said."""

    @property
    def protocol(self) -> str | None:
        """`5` or `3.1.1`, as spoken on the present connection; None without one."""

    def on_connected(self, hook: Callable[[], None]) -> None:
        """Have `hook` called from the network thread at every connection; call before `start`."""

    def start(self) -> None:
        """Begin connecting in the background; never raises because the broker is away."""

    def publish(self, message: Message, on_done: Callable[[Delivery], None]) -> bool:
        """Send now; False, and no call of `on_done`, when not connected or too much is under way.

        Nothing is queued: after False, offer the message again after the next `on_done` or
        connection. `on_done` is called once, from the network thread, and with ok=False for everything
        unacknowledged when the connection is lost.
        """

    def stop(self, timeout_s: float) -> None:
        """Publish the planned-stop status, wait for acknowledgements, disconnect."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One committed result that the broker has not acknowledged yet."""

    row_id: int
    """Grows with the order of committing."""
    topic: str
    payload: bytes
    """The encoded result message, without its time of publishing."""
    judgement: Judgement
    committed_ns: int
    """UTC."""


class Outbox(Protocol):
    """Committed results on their way to the broker. Safe in many threads."""

    @property
    def depth(self) -> int:
        """How many rows wait."""

    @property
    def dropped(self) -> int:
        """How many results were lost since the start because there was no room."""

    def pending(self, limit: int) -> Sequence[OutboxRow]:
        """Return the oldest waiting rows, in the order of committing."""

    def delivered(self, row_id: int) -> None:
        """Forget a row that the broker has acknowledged; unknown ids are ignored."""
