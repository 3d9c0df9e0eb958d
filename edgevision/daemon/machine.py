"""What machine this is, for the info message."""

import platform

from edgevision.engines.machine import available_threads, processor
from edgevision.messages import HostFacts

__all__ = ["host_facts"]


def host_facts() -> HostFacts:
    """Look at the machine."""
    return HostFacts(
        hostname=platform.node(),
        os=platform.platform(),
        machine=platform.machine(),
        cpu=processor(),
        cpu_count=available_threads(),
        python=platform.python_version(),
    )
