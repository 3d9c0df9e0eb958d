"""Runs feeds for tests, and takes frames from them until the wanted one comes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from edgevision.ports import Feed
from edgevision.types import Frame

__all__ = ["LONG_S", "running", "take_until"]

LONG_S = 30.0
SomeFeed = TypeVar("SomeFeed", bound=Feed)


@contextmanager
def running(feed: SomeFeed) -> Iterator[SomeFeed]:
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()


def take_until(feed: Feed, wanted: Callable[[Frame], bool]) -> Frame:
    while True:
        frame = feed.take(LONG_S)
        assert frame is not None
        if wanted(frame):
            return frame
