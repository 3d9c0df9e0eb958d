"""Which frame belongs to a trigger. Pure: frames and a trigger in, a frame or a cause out.

A frame is stamped when it has been grabbed, which is some time after its exposure began: the
shutter is open, the sensor is read out, the bytes travel. `capture_delay_ns` bounds that time, so
whatever is stamped at least that much after a moment was exposed after it. The frame of a trigger
is the first one exposed at or after the wanted moment: the trigger itself, or `pre_trigger_ns`
before it, from a ring of recent frames. An older frame is never taken for it, nor a later one
where the first is known to be gone.
"""

from collections import deque
from dataclasses import dataclass

from edgevision.types import Frame, Reason, Trigger

__all__ = ["FrameRing", "NoFrame", "pick"]

_GRACE_NS = 100_000_000
"""How much later than its frame a trigger may be heard of."""
_MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class NoFrame:
    """There is no frame for a trigger, and there will be none."""

    reason: Reason


class FrameRing:
    """The recent frames of one camera, in the order of their stamps; bounded in time and bytes."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        """Begin empty."""
        self.frames: deque[Frame] = deque()
        self.forgotten_ns: int | None = None
        """Stamp of the newest frame that is not kept any more."""
        self._max_bytes = max_bytes
        self._bytes = 0

    def add(self, frame: Frame, span_ns: int) -> None:
        """Keep a frame, and those stamped at most `span_ns` before it, with some grace."""
        self.frames.append(frame)
        self._bytes += frame.image_bgr.nbytes
        oldest_ns = frame.captured_ns - span_ns - _GRACE_NS
        while len(self.frames) > 1 and (
            self.frames[0].captured_ns < oldest_ns or self._bytes > self._max_bytes
        ):
            forgotten = self.frames.popleft()
            self._bytes -= forgotten.image_bgr.nbytes
            self.forgotten_ns = forgotten.captured_ns


def pick(trigger: Trigger, ring: FrameRing, capture_delay_ns: int) -> Frame | NoFrame | None:
    """Return the frame of a trigger, why there cannot be one, or None: it has yet to come.

    Args:
        trigger: When, and how long before.
        ring: What the camera has given lately.
        capture_delay_ns: From the begin of an exposure to the frame's stamp, at most.
    """
    stamped_from_ns = trigger.requested_ns - trigger.pre_trigger_ns + capture_delay_ns
    if ring.forgotten_ns is not None and ring.forgotten_ns >= stamped_from_ns:
        text = "the frame exposed at the wanted moment is not kept any more"
        return NoFrame(Reason("frame_gone", f"{text}; the trigger came late, or the frames are too large"))
    frame = next((frame for frame in ring.frames if frame.captured_ns >= stamped_from_ns), None)
    if frame is None:
        return None
    if trigger.pre_trigger_ns and frame.captured_ns - capture_delay_ns > trigger.requested_ns:
        text = "no frame was exposed between the wanted moment and the trigger"
        return NoFrame(Reason("no_frame", f"{text}; check the camera's rate against pre_trigger_ms"))
    return frame
