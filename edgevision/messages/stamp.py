"""What a result learns only when it is published, put before its encoded message without decoding it."""

from typing import Any

from edgevision.messages.wire import encode, epoch_ms, iso_utc

__all__ = ["stamp_published"]


def stamp_published(
    payload: bytes,
    published_ns: int,
    *,
    boot_id: str | None = None,
    sequence: int | None = None,
    is_late: bool = False,
    is_saved: bool = True,
) -> bytes:
    """Return the encoded result with what is known when it is published, without decoding it.

    `payload` is an encoded result message that has none of it yet.
    """
    stamp: dict[str, Any] = {
        "published_ts": epoch_ms(published_ns),
        "published_time": iso_utc(published_ns),
    }
    if boot_id is not None:
        stamp["boot_id"] = boot_id
    if sequence is not None:
        stamp["sequence"] = sequence
    if is_late:
        stamp["late"] = 1
    if not is_saved:
        stamp["unsaved"] = 1
    return encode(stamp)[:-1] + b"," + payload[1:]
