"""A session in memory, with as much room as a test says."""

from edgevision.errors import OutputError
from edgevision.session import SessionEntry, frame_entry, picture_name
from edgevision.types import Frame

__all__ = ["FakeSession"]


class FakeSession:
    """A `SessionWriter` that remembers; `broken` makes it refuse everything."""

    def __init__(self, room_bytes: int = 1 << 40) -> None:
        """Begin empty."""
        self.entries: list[SessionEntry] = []
        self.room_bytes = room_bytes
        self.broken = ""
        self.is_closed = False

    def add(self, frame: Frame) -> int:
        """Remember the line of a frame; it takes the bytes of its pixels."""
        size_bytes = frame.image_bgr.nbytes
        self.room_bytes -= size_bytes
        self.note(frame_entry(frame, picture_name(len(self.entries))))
        return size_bytes

    def note(self, entry: SessionEntry) -> int:
        """Remember a line, which takes nothing."""
        if self.broken:
            raise OutputError(self.broken)
        self.entries.append(entry)
        return 0

    def free_bytes(self) -> int:
        """Return the room that is left."""
        return self.room_bytes

    def close(self) -> None:
        """Note that."""
        self.is_closed = True
