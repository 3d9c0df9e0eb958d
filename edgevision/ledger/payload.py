"""Reads the message of a result back from its payload, which a failing disk may have changed.

Only what is no message any more is found: a digit that became another digit is not.
"""

import json
from typing import Any

from edgevision.errors import DamagedResult

__all__ = ["read_message"]


def read_message(sequence: int, payload: bytes) -> dict[str, Any]:
    """Return the fields of a result message; raises DamagedResult, which names the sequence number."""
    try:
        message = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise DamagedResult(
            f"result {sequence} is damaged: expected a message as JSON in UTF-8, got {error}"
        ) from error
    if not isinstance(message, dict):
        raise DamagedResult(f"result {sequence} is damaged: expected a JSON object, got {message!r:.80}")
    return message
