"""The door to the dashboard for programs that may run without its packages (extra `dashboard`)."""

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

from edgevision.dashboard.settings import DashboardSettings
from edgevision.errors import UsageError

if TYPE_CHECKING:
    from edgevision.dashboard.serve import Dashboard

__all__ = ["is_installed", "make_dashboard"]

_PACKAGES = ("starlette", "uvicorn", "argon2")


def is_installed() -> bool:
    """Return whether the packages are there."""
    return all(find_spec(name) is not None for name in _PACKAGES)


def make_dashboard(settings: DashboardSettings) -> "Dashboard":
    """Return a dashboard that is not started yet; raises UsageError without the packages."""
    if not is_installed():
        raise UsageError(f"the dashboard needs {', '.join(_PACKAGES)}; pip install 'edgevision[dashboard]'")
    made: Dashboard = importlib.import_module("edgevision.dashboard.serve").Dashboard(settings)
    return made
