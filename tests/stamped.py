"""A live source whose frames carry, in their pixels, their own number and when their exposure began."""

import random
import struct
import threading
import time
from dataclasses import dataclass

import numpy as np

from edgevision.types import Frame, ImageBgr

__all__ = ["Stamp", "StampedSource", "stamp_of"]

_FORMAT = struct.Struct("<QQ")


@dataclass(frozen=True)
class Stamp:
    """What a frame says about itself."""

    number: int
    exposed_ns: int
    captured_ns: int = 0


def stamp_of(image_bgr: ImageBgr) -> Stamp:
    """Read the stamp of a picture."""
    return Stamp(*_FORMAT.unpack(image_bgr.tobytes()[: _FORMAT.size]))


class StampedSource:
    """A camera at line rate that takes a random time, at most `delay_s`, from exposure to delivery.

    While `hang` is set, `read` does not return, as with a driver that is stuck.
    """

    def __init__(self, period_s: float, delay_s: float, rng: random.Random) -> None:
        self.taken: list[Stamp] = []
        self.hang = threading.Event()
        self._go_on = threading.Event()
        self._period_ns, self._delay_s, self._rng = round(period_s * 1e9), delay_s, rng
        self._due_ns = 0

    name = "stamped"
    is_live = True
    frames_expected = None

    def open(self) -> None:
        self._due_ns = time.monotonic_ns()

    def read(self) -> Frame | None:
        while self.hang.is_set():
            time.sleep(0.005)
        stamp = self._expose()
        while stamp.captured_ns - stamp.exposed_ns > self._delay_s * 1e9:
            stamp = self._expose()  # A busy machine broke the promise of `delay_s`.
        self.taken.append(stamp)
        image = np.zeros((8, 8, 3), np.uint8)
        pixels = np.frombuffer(_FORMAT.pack(stamp.number, stamp.exposed_ns), np.uint8)
        image.reshape(-1)[: _FORMAT.size] = pixels
        return Frame(image, "cam1", stamp.number, stamp.captured_ns, time.time_ns())

    def _expose(self) -> Stamp:
        time.sleep(max(0, self._due_ns - time.monotonic_ns()) / 1e9)
        exposed_ns = time.monotonic_ns()
        self._due_ns = max(self._due_ns + self._period_ns, exposed_ns)
        time.sleep(self._rng.random() * self._delay_s * 0.5)
        return Stamp(len(self.taken), exposed_ns, time.monotonic_ns())

    def close(self) -> None:
        pass
