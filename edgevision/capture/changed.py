"""Notices a camera that comes back with other pictures than it began with. Pure; looks at no pixels."""

from edgevision.types import Frame

__all__ = ["FormatWatch"]


class FormatWatch:
    """Compares size and pixel format of each frame with those of the first one.

    A region or a zone in pixels that was drawn for one size means something else in another, even
    where it still lies inside the picture.
    """

    def __init__(self) -> None:
        """The first frame sets what is expected."""
        self._expected = ""

    def update(self, frame: Frame) -> str:
        """Return what has changed, as words; empty when nothing has."""
        width, height = frame.size_wh
        got = f"{width} x {height} {frame.pixel_format}".rstrip()
        self._expected = self._expected or got
        return "" if got == self._expected else f"{got} instead of {self._expected}"
