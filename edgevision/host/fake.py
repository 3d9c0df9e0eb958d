"""A service manager that remembers what it was told, for the tests of everything that tells it."""

__all__ = ["FakeServiceManager"]


class FakeServiceManager:
    """Keeps every assignment, in order."""

    def __init__(self, watchdog_s: float | None = None) -> None:
        """Watch with `watchdog_s`, or not at all."""
        self.watchdog_s = watchdog_s
        self.told: list[str] = []

    def tell(self, *assignments: str) -> None:
        """Remember."""
        self.told += assignments

    def count(self, assignment: str) -> int:
        """Return how often it was told this."""
        return self.told.count(assignment)
