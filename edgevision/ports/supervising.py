"""The seam to what supervises this process: systemd, or nobody."""

from typing import Protocol

__all__ = ["ServiceManager"]


class ServiceManager(Protocol):
    """Is told how this process is, in the words of sd_notify(3)."""

    @property
    def watchdog_s(self) -> float | None:
        """After so long without WATCHDOG=1 the process is restarted; None when nobody watches."""

    def tell(self, *assignments: str) -> None:
        """Send assignments such as `READY=1` as one message; a manager that does not listen is no error."""
