"""The sample line as a source of frames, rendered at once or paced like a real line."""

import re
import time
from dataclasses import replace

from edgevision.capture.sample.scene import render_part
from edgevision.errors import CaptureError
from edgevision.types import Frame

__all__ = ["SampleSource", "parse_sample_address"]


def parse_sample_address(address: str) -> int:
    """Return the seed of `sample:SEED`.

    Raises:
        CaptureError: the address has another form.
    """
    match = re.fullmatch(r"sample:([0-9]{1,9})", address)
    if match is None:
        raise CaptureError(
            f"sample line {address!r}: expected sample:SEED with a whole number from 0 to 999999999, "
            "for example sample:7"
        )
    return int(match[1])


class SampleSource:
    """Parts 0, 1, 2, … of one seed. Lossless: a slow reader gets every part, later.

    With `fps`, parts come at that rate and carry the clocks of this machine; without, they
    come as fast as they are read and always carry the same times.
    """

    def __init__(
        self,
        seed: int,
        frames: int | None = None,
        camera: str = "sample",
        fps: float | None = None,
    ) -> None:
        if frames is not None and frames < 0:
            raise CaptureError(f"sample line: frames must not be negative, got {frames}")
        if fps is not None and fps <= 0:
            raise CaptureError(f"sample line: fps must be above 0, got {fps}; leave it out for full speed")
        self._seed = seed
        self._frames = frames
        self._camera = camera
        self._period_ns = None if fps is None else round(1e9 / fps)
        self._next_index = 0
        self._due_ns = 0

    @property
    def name(self) -> str:
        """Return `sample:SEED`."""
        return f"sample:{self._seed}"

    @property
    def is_live(self) -> bool:
        """Return False: no part is lost by waiting."""
        return False

    @property
    def frames_expected(self) -> int | None:
        """Return how many parts will come; None for an endless line."""
        return self._frames

    def open(self) -> None:
        """Start at part 0."""
        self._next_index = 0
        self._due_ns = time.monotonic_ns()

    def read(self) -> Frame | None:
        """Return the next part, or None after the last."""
        if self._frames is not None and self._next_index >= self._frames:
            return None
        frame = render_part(self._seed, self._next_index, camera=self._camera)
        self._next_index += 1
        return frame if self._period_ns is None else self._paced(frame, self._period_ns)

    def close(self) -> None:
        """Do nothing: there is no device."""

    def _paced(self, frame: Frame, period_ns: int) -> Frame:
        wait_ns = self._due_ns - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / 1e9)
        now_ns = time.monotonic_ns()
        is_behind = now_ns - self._due_ns >= period_ns
        self._due_ns = (now_ns if is_behind else self._due_ns) + period_ns
        return replace(frame, captured_ns=now_ns, wall_ns=time.time_ns())
