"""Live feeds of cameras that follow a script."""

import random
import threading

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.live import LiveFeed

__all__ = ["live"]


def live(script: list[Step], **source: object) -> tuple[LiveFeed, FakeSource, threading.Event]:
    """Return a live feed whose script ends at a gate, which must be set before it is stopped."""
    gate = threading.Event()
    fake = FakeSource([*script, gate], is_live=True, **source)  # type: ignore[arg-type]
    return LiveFeed(fake, "cam1", reopen_min_s=0.001, reopen_max_s=0.002, rng=random.Random(1)), fake, gate
