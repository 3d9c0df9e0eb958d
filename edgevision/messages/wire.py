"""What all messages share: the strict base model, times, rounding and the bytes on the wire."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = ["MessageModel", "encode", "epoch_ms", "iso_utc", "milliseconds"]

_EPOCH = datetime.fromtimestamp(0, UTC)


class MessageModel(BaseModel):
    """Base of all messages: immutable, no unknown fields, no NaN. Fields that are None are left out."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object, without the fields that do not apply."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_json(self) -> bytes:
        """Return the same as `encode` makes of `to_dict`, at a third of the work."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


def encode(message: Mapping[str, Any]) -> bytes:
    """Return compact UTF-8 JSON. Raises ValueError for NaN and infinities, which JSON does not have."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def epoch_ms(wall_ns: int) -> int:
    """Return milliseconds since the epoch."""
    return wall_ns // 1_000_000


def iso_utc(wall_ns: int) -> str:
    """Return ISO-8601 UTC with milliseconds and Z."""
    second, thousandth = divmod(epoch_ms(wall_ns), 1000)
    return f"{_iso_second(second)}.{thousandth:03d}Z"


@lru_cache(maxsize=8)
def _iso_second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).replace(tzinfo=None).isoformat()


def milliseconds(duration_ns: int) -> float:
    """Return milliseconds with three decimals."""
    return round(duration_ns / 1e6, 3)
