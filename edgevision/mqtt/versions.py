"""Which MQTT version to try, and which one next. Pure: connecting is `session`."""

from enum import StrEnum
from typing import Literal

from edgevision.mqtt.failure import Failure, FailureKind

__all__ = ["Version", "Versions"]


class Version(StrEnum):
    """Protocol versions that a station speaks."""

    V5 = "5"
    V311 = "3.1.1"


class Versions:
    """Tries MQTT 5, falls back to 3.1.1, and remembers what the broker said about them.

    A broker that refused a version by name is not asked for it again. One that merely closed
    the connection or stayed silent may have been restarting: it is asked for MQTT 5 again at
    the next attempt, and is not taken for an old one if it ever spoke MQTT 5.
    """

    def __init__(self, asked: Literal["auto", "5", "3.1.1"]) -> None:
        """Allow one version, or both with `auto`."""
        self._allowed = [Version.V5, Version.V311] if asked == "auto" else [Version(asked)]
        self._refused: set[Version] = set()
        self._accepted: set[Version] = set()

    def candidates(self) -> list[Version]:
        """Return the versions to try in one attempt, in this order."""
        open_ones = [version for version in self._allowed if version not in self._refused]
        if not open_ones:
            self._refused.clear()
        return open_ones or list(self._allowed)

    def is_sure(self, version: Version) -> bool:
        """Return whether `version` needs no probe: the broker spoke it, or there is no other."""
        return version in self._accepted or version is Version.V311 or len(self._allowed) == 1

    def accepted(self, version: Version) -> None:
        """Note that the broker took `version`."""
        self._accepted.add(version)

    def failed(self, version: Version, failure: Failure) -> bool:
        """Note that connecting failed; True when another version may do better at once."""
        if failure.kind is FailureKind.PROTOCOL_VERSION:
            self._refused.add(version)
            return True
        return failure.kind is FailureKind.NO_ANSWER and version not in self._accepted
