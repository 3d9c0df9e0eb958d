"""What must be the same in two runs over the same input."""

import re

from edgevision.messages import VOLATILE_FIELDS

__all__ = ["lasting"]

_VOLATILE = re.compile(b'"(?:' + "|".join(sorted(VOLATILE_FIELDS)).encode() + rb')":[^,}]+,?')


def lasting(lines: bytes) -> bytes:
    """Return result lines without the fields that may differ between two runs."""
    return _VOLATILE.sub(b"", lines)
