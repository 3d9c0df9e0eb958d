"""The loops of other programs over a video: what a user would write in an hour, and what a skilled one would.

All read whole pictures with OpenCV, scale with one bilinear step, and look at the largest score only,
so that they do less than edgevision does. And one that only decodes and infers, side by side: what of the
bound is left when both want the same memory and caches.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from edgevision.capture.video import decoder_threads

__all__ = ["plain_loop", "prepared", "side_by_side", "skilled_loop"]

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


def side_by_side(call: Callable[[], None], callers: int, video: Path, frames: int) -> Burst:
    """Decode ahead, and call for each picture a model that does not look at it; raises what a call raises."""
    ahead: Queue[bool] = Queue(_AHEAD)

    def infer() -> int:
        done, goes_on = 0, True
        try:
            while goes_on := ahead.get():
                call()
                done += 1
        finally:
            while goes_on:  # after an error: a decoder that nobody listens to would wait for ever
                goes_on = ahead.get()
        return done

    def work() -> int:
        with ThreadPoolExecutor(callers) as pool:
            callings = [pool.submit(infer) for _ in range(callers)]
            try:
                for _ in islice(_pictures(video, decoder_threads(len(os.sched_getaffinity(0)))), frames):
                    ahead.put(True)
            finally:
                for _ in callings:
                    ahead.put(False)
            return sum(calling.result() for calling in callings)

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
    for picture in _pictures(video):
        yield prepared(picture, size_wh)


def _pictures(video: Path, threads: int | None = None) -> Iterator[npt.NDArray[np.uint8]]:
    options = [] if threads is None else [cv2.CAP_PROP_N_THREADS, threads]
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, options)
    try:
        while True:
            is_read, picture = capture.read()
            if not is_read:
                break
            yield np.asarray(picture, np.uint8)
    finally:
        capture.release()
