"""The embedding or the probabilities of a golden sample, as a JSON list inside the bundle. Pure format."""

import json

import numpy as np
import numpy.typing as npt

from edgevision.errors import ManifestError

__all__ = ["read_numbers", "write_numbers"]


def write_numbers(values: npt.NDArray[np.float32]) -> bytes:
    """Return (n,) numbers as JSON, with 6 decimals."""
    return json.dumps([round(value, 6) for value in values.tolist()]).encode() + b"\n"


def read_numbers(data: bytes, count: int, source: str) -> npt.NDArray[np.float32]:
    """Return (count,) finite numbers; `source` names the file in errors. Raises ManifestError."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{source}: expected JSON, got: {error}; build the bundle again") from error
    is_list = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    numbers = np.array(values, np.float64) if is_list and len(values) == count else np.full(1, np.nan)
    if not (np.abs(numbers) <= np.finfo(np.float32).max).all():
        raise ManifestError(f"{source}: expected a list of {count} numbers; build the bundle again")
    return numbers.astype(np.float32)
