"""A source that plays a script, failures included, for the tests of everything behind a source."""

import threading
import time
from collections.abc import Iterable, Sequence

from edgevision.errors import CaptureError
from edgevision.types import Frame, ImageBgr

__all__ = ["FakeSource", "Step"]

Step = ImageBgr | CaptureError | threading.Event | None
"""One `read`: a picture; an error to raise; nothing (None); or an event to wait for first."""


class FakeSource:
    """Plays `script` step by step, across reopening; after its end every `read` gives nothing.

    `opens` holds what each `open` does, an error or None for success; further ones succeed.
    `threads` collects the names of the threads that touched it.
    """

    def __init__(
        self,
        script: Iterable[Step],
        *,
        camera: str = "cam1",
        is_live: bool = False,
        opens: Sequence[CaptureError | None] = (),
        frames_expected: int | None = None,
    ) -> None:
        """Open nothing yet."""
        self._script = iter(script)
        self._camera = camera
        self._is_live = is_live
        self._opens = iter(opens)
        self._frames_expected = frames_expected
        self._frame_id = 0
        self.times_opened = 0
        self.times_closed = 0
        self.threads: set[str] = set()

    @property
    def name(self) -> str:
        """The address for people."""
        return f"fake:{self._camera}"

    @property
    def is_live(self) -> bool:
        """As scripted."""
        return self._is_live

    @property
    def frames_expected(self) -> int | None:
        """As scripted."""
        return self._frames_expected

    def open(self) -> None:
        """Do what `opens` says next."""
        self.threads.add(threading.current_thread().name)
        error = next(self._opens, None)
        if error is not None:
            raise error
        self.times_opened += 1

    def read(self) -> Frame | None:
        """Play the next step."""
        self.threads.add(threading.current_thread().name)
        step = next(self._script, None)
        while isinstance(step, threading.Event):
            step.wait()
            step = next(self._script, None)
        if isinstance(step, CaptureError):
            raise step
        return None if step is None else self._frame(step)

    def close(self) -> None:
        """Count."""
        self.threads.add(threading.current_thread().name)
        self.times_closed += 1

    def _frame(self, image_bgr: ImageBgr) -> Frame:
        frame_id = self._frame_id
        self._frame_id += 1
        if self._is_live:
            return Frame(image_bgr, self._camera, frame_id, time.monotonic_ns(), time.time_ns())
        return Frame(image_bgr, self._camera, frame_id, 0, frame_id * 1_000_000, file="fake")
