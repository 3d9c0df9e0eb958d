"""A power cut: what lies on the disk at any moment is a ledger that opens, and holds all that was published.

The writing process is frozen at random moments and its files are copied; the copies are then also cut off
and torn at random bytes of the WAL, as if the last writes had not reached the disk.
"""

import os
import random
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgevision.ledger.store import Store
from tests.faults.rows import row
from tests.ledgers import verified

_WAL_HEADER, _FRAME_HEADER = 32, 24
_GROUP_MAX = 4 * 20


class Writing:
    """The process, its files, and what it may have published."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.published = 0
        self._file = folder / "ledger.db"
        command = [sys.executable, "-m", "tests.faults.writing", str(self._file), str(seed)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        self.wait_for_output()

    def wait_for_output(self) -> None:
        """Read what there is, or wait for more."""
        lines = os.read(self._output, 1 << 20).split()
        assert lines, "the process has ended"
        self.published = max(self.published, *map(int, lines))

    def freeze_into(self, folder: Path) -> Path:
        """Stop the process, copy its files as they are at this moment, and let it go on."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)
        folder.mkdir()
        for path in self._file.parent.glob(f"{self._file.name}*"):
            if not path.name.endswith(".lock"):
                shutil.copyfile(path, folder / path.name)
        if select.select([self._output], [], [], 0)[0]:
            self.wait_for_output()
        self._process.send_signal(signal.SIGCONT)
        return folder / self._file.name

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def writing(folder: Path, seed: int) -> Iterator[Writing]:
    process = Writing(folder, seed)
    try:
        yield process
    finally:
        process.kill()


def commit_ends(wal: bytes) -> list[int]:
    """Return where each commit in a WAL ends (https://sqlite.org/fileformat2.html#walformat)."""
    if len(wal) < _WAL_HEADER:
        return []
    page, salts = int.from_bytes(wal[8:12], "big"), wal[16:24]
    ends, start = [_WAL_HEADER], _WAL_HEADER
    while start + _FRAME_HEADER + page <= len(wal) and wal[start + 8 : start + 16] == salts:
        is_commit = wal[start + 4 : start + 8] != bytes(4)
        start += _FRAME_HEADER + page
        if is_commit:
            ends.append(start)
    return ends


def is_checkpointed(wal_index: bytes) -> bool:
    """Return whether SQLite has begun to move the WAL into the database, so that it was on the disk before.

    How far it has begun to, not how far it has come: it may be frozen on the way.
    https://sqlite.org/walformat.html#the_wal_index_file_format
    """
    return wal_index[128:132] != bytes(4)


def last_of(ledger: Path, wal: bytes, number: int) -> int:
    """Open a copy with another WAL, prove its books, and return its newest number."""
    copy = ledger.with_name(f"cut{number}.db")
    shutil.copyfile(ledger, copy)
    copy.with_name(f"{copy.name}-wal").write_bytes(wal)
    store = Store(copy, "after the cut")
    last = store.last
    store.close()
    verified(copy)
    copy.unlink()
    return last


def test_what_is_on_the_disk_at_any_moment_opens_and_holds_all_that_was_published(
    tmp_path: Path, is_long: bool
) -> None:
    moments, cuts_each = (2000, 10) if is_long else (12, 3)
    rng = random.Random(1)
    opened = unpublished_groups = 0
    (tmp_path / "running").mkdir()
    with writing(tmp_path / "running", seed=1) as process:
        for number in range(moments):
            for _ in range(rng.randint(1, 6)):
                process.wait_for_output()
            ledger = process.freeze_into(tmp_path / f"frozen{number}")
            wal = ledger.with_name("ledger.db-wal").read_bytes()
            ends, is_moved = commit_ends(wal), is_checkpointed(ledger.with_name("ledger.db-shm").read_bytes())
            whole = last_of(ledger, wal, 0)
            assert whole >= process.published
            opened += 1
            for cut in range(1, cuts_each + 1 if len(ends) > 1 and not is_moved else 1):
                index = len(ends) - 2 if cut == 1 else rng.randrange(len(ends) - 1)
                at = rng.randrange(ends[index], ends[index + 1])
                torn = rng.randbytes(len(wal) - at) if cut % 2 else b""
                left = last_of(ledger, wal[:at] + torn, cut)
                assert left == last_of(ledger, wal[: ends[index]], 0)
                opened += 2
                if cut == 1:
                    assert whole - left <= _GROUP_MAX
                    unpublished_groups += left >= process.published
            shutil.rmtree(ledger.parent)
    assert process.published > moments
    row(
        f"power cut at {moments} random moments, WAL also cut off or torn at random bytes",
        "opens; at most the uncommitted last group missing, none of that published",
        f"{opened} copies of a ledger with {process.published} results opened, all sound and balanced; "
        f"everything published was there; {unpublished_groups} times the last group had not been published",
        "test_delivery_power.py",
        is_long=is_long,
    )
