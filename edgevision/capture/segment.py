"""A part of a recording as a source of its own, with exactly the frames of reading it from the start.

It gets there by reading: seeking in a video file may land beside the frame, or on one whose pixels
differ because the decoder did not see those before it.
"""

from edgevision.ports import Source
from edgevision.types import Frame

__all__ = ["SegmentSource"]


class SegmentSource:
    """The frames `first`, `first` + 1, … of a recording, counted from 0; at most `count` of them."""

    def __init__(self, source: Source, first: int, count: int | None) -> None:
        """Take over `source`; with `count` None it goes on to the end."""
        self._source = source
        self._first = first
        self._count = count
        self._given = 0

    @property
    def name(self) -> str:
        """The name of the recording."""
        return self._source.name

    @property
    def is_live(self) -> bool:
        """False: a recording waits."""
        return False

    @property
    def frames_expected(self) -> int | None:
        """How many frames this part has; None where nobody knows."""
        known = self._source.frames_expected
        rest = None if known is None else max(0, known - self._first)
        return min((each for each in (rest, self._count) if each is not None), default=None)

    def open(self) -> None:
        """Open the recording; raises CaptureError."""
        self._given = 0
        self._source.open()

    def read(self) -> Frame | None:
        """Return the next frame of the part.

        Raises:
            TruncatedInput: As the recording does, where the part reaches to its end.
        """
        if self._given == self._count:
            return None
        skipped = self._first if self._given == 0 else 0
        for _ in range(skipped):
            if self._source.read() is None:
                return None
        self._given += 1
        return self._source.read()

    def close(self) -> None:
        """Close the recording."""
        self._source.close()
