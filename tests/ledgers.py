"""Ledgers and what is put into them, for the tests."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgevision.ledger.journal import Ledger
from edgevision.ledger.reader import LedgerReader
from edgevision.ports import NewResult, Outbox
from edgevision.types import Judgement

__all__ = ["append", "open_ledger", "payloads", "result", "state_of", "until", "verified"]

DEADLINE_S = 60.0


def open_ledger(path: Path, boot_id: str = "boot-1", **changes: Any) -> Ledger:
    """Open a ledger with ample bounds."""
    return Ledger(path, boot_id, **{"max_bytes": 10**9} | changes)


def result(number: int, judgement: Judgement = Judgement.OK, size: int = 0) -> NewResult:
    """Return a result whose payload is its number, filled up with blanks."""
    payload = b'{"number":%d}' % number
    return NewResult("t/cam1/result", payload.ljust(size), judgement, time.time_ns())


def append(outbox: Outbox, results: Sequence[NewResult]) -> None:
    """Append and wait until they are as safe as can be."""
    safe = threading.Event()
    outbox.append(results, safe.set)
    assert safe.wait(DEADLINE_S)


def payloads(outbox: Outbox, limit: int = 10_000) -> list[bytes]:
    """Return what waits."""
    return [row.payload.rstrip() for row in outbox.pending(limit)]


def state_of(path: Path) -> list[tuple[int, str, str]]:
    """Return sequence number, start and state of every result in a file."""
    reader = LedgerReader(path)
    rows = [(row.sequence, row.boot_id, row.state) for row in reader.rows()]
    reader.close()
    return rows


def verified(path: Path) -> dict[tuple[str, str], int]:
    """Prove the books of a file; returns (state, judgement) → how many."""
    reader = LedgerReader(path)
    books = reader.books()
    reader.close()
    assert books.problems == ()
    return {(state, str(kind)): count for (state, kind), count in books.counts.items() if count}


def until(condition: Callable[[], object], what: str, timeout_s: float = DEADLINE_S) -> None:
    """Wait for something that gives no event."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.01)
