"""What an open ledger holds of the operating system: all of it from the beginning."""

from pathlib import Path

import pytest

from edgevision.ledger.store import Store

FILES = Path("/proc/self/fd")


@pytest.mark.skipif(not FILES.is_dir(), reason="this system has no /proc")
def test_reading_what_waits_opens_no_further_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "ledger.db", "boot")
    before = len(list(FILES.iterdir()))
    store.pending(10)

    assert len(list(FILES.iterdir())) == before
    store.close()
