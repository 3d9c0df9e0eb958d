"""The seams of triggers: where they come from. Nothing here is implemented."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["EdgeLine", "TriggerInput"]


class TriggerInput(Protocol):
    """Something that fires triggers from a thread of its own."""

    def start(self) -> None:
        """Begin; what cannot work has been refused before."""

    def stop(self) -> None:
        """Fire no more; safe to call twice, and without a start."""


class EdgeLine(Protocol):
    """One electrical line that is watched for edges. Used by one thread."""

    @property
    def name(self) -> str:
        """The line for people."""

    def wait(self, timeout_s: float) -> Sequence[int]:
        """Return the times of the edges since the last call (monotonic, ns); empty on time-out.

        Raises CaptureError when the line cannot be read any more.
        """

    def close(self) -> None:
        """Release the line; safe to call twice."""
