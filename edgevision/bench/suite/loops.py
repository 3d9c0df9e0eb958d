"""The loops of other programs over a video: what a user would write in an hour, and what a skilled one would.

All read whole pictures with OpenCV, scale with one bilinear step, and look at the largest score only,
so that they do less than edgevision does.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from queue import Queue

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bench.figures import Burst
from edgevision.bench.measure import metered
from edgevision.bench.suite.sessions import Batch, Call, InferQueue

__all__ = ["plain_loop", "prepared", "skilled_loop"]

_AHEAD = 4


def plain_loop(call: Call, size_wh: tuple[int, int], video: Path, frames: int, most_s: float) -> Burst:
    """Read, scale and infer one after the other; ends early after `most_s`."""

    def work() -> int:
        done, end_s = 0, time.monotonic() + most_s
        for batch in islice(_batches(video, size_wh), frames):
            float(call(batch).max())
            done += 1
            if time.monotonic() > end_s:
                break
        return done

    with _opencv_as_it_comes():
        return metered(work)


def skilled_loop(queue: InferQueue, size_wh: tuple[int, int], video: Path, frames: int) -> Burst:
    """Decode and scale ahead in a thread of its own, with a call for each core in flight."""
    ahead: Queue[Batch | None] = Queue(_AHEAD)

    def decode() -> None:
        for batch in islice(_batches(video, size_wh), frames):
            ahead.put(batch)
        ahead.put(None)

    def work() -> int:
        done = 0
        thread = threading.Thread(target=decode, name="bench-decode", daemon=True)
        thread.start()
        while (batch := ahead.get()) is not None:
            queue.put(batch)
            done += 1
        queue.wait()
        thread.join()
        return done

    with _opencv_as_it_comes():
        return metered(work)


def prepared(picture_bgr: npt.NDArray[np.uint8], size_wh: tuple[int, int]) -> Batch:
    """Return (1, H, W, 3) uint8 RGB."""
    small = cv2.resize(picture_bgr, size_wh)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)[np.newaxis]


@contextmanager
def _opencv_as_it_comes() -> Iterator[None]:
    """Give OpenCV the threads that it has in a process of its own; edgevision takes them away."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(-1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _batches(video: Path, size_wh: tuple[int, int]) -> Iterator[Batch]:
    capture = cv2.VideoCapture(str(video))
    try:
        while True:
            is_read, picture = capture.read()
            if not is_read:
                break
            yield prepared(np.asarray(picture, np.uint8), size_wh)
    finally:
        capture.release()
