"""Whether the ledger's file is sound and its books balance."""

from contextlib import closing
from pathlib import Path

from edgevision.doctor.findings import Examination, failed, fine, refused
from edgevision.errors import LedgerError
from edgevision.ledger.reader import LedgerReader
from edgevision.paths import NOTHING, found_at

__all__ = ["check_ledger"]


def check_ledger(path: Path) -> Examination:
    """Read the whole file, also while a station writes it."""
    if found_at(path) == NOTHING:
        yield fine("ledger", f"{path} is not there yet and will be made")
        return
    try:
        with closing(LedgerReader(path)) as reader:
            books = reader.books()
    except LedgerError as error:
        yield refused("ledger", error)
        return
    if books.problems:
        remedy = f"save {path} for whoever audits it, and move it away; a new one is made"
        yield failed("ledger", " | ".join(books.problems), remedy)
    else:
        waiting = sum(count for (state, _), count in books.counts.items() if state == "waiting")
        yield fine("ledger", f"{books.total} results without a gap, {waiting} wait for the broker")
