"""The disk is full, read-only or gives garbage: inspection goes on, people are told, nothing is lost."""

import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.line import TOPICS, Historian, duplicates
from tests.faults.rows import row
from tests.ledgers import append, open_ledger, payloads, result, until, verified
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.stations import COMMAND, check_message, write_parts, write_station


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system in memory, which can be full and read-only."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("file systems can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave room for a few results only."""
    free = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_bsize - 300_000))


def remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=True)


def test_a_full_disk_is_survived_in_memory_and_the_books_balance_afterwards(
    tmp_path: Path, is_long: bool
) -> None:
    times = 20 if is_long else 2
    with small_disk(tmp_path / "disk") as disk:
        ledger = open_ledger(disk / "ledger.db", max_unwritten=50)
        number = 0
        for _ in range(times):
            fill(disk)
            while not ledger.failure:
                number += 1
                append(ledger, [result(number, size=2000)])
            assert "full" in ledger.failure
            for _ in range(20):
                number += 1
                append(ledger, [result(number, size=2000)])
            unsaved = [each for each in ledger.pending(10_000) if not each.is_saved]
            assert [each.sequence for each in unsaved] == list(range(unsaved[0].sequence or 0, number + 1))
            for each in ledger.pending(10_000):
                ledger.delivered(each.row_id)
            (disk / "ballast").unlink()
            until(lambda: not ledger.failure, "the disk is used again")
            until(lambda: ledger.depth == 0, "acknowledged")
        ledger.close()
        books = verified(disk / "ledger.db")
    assert books == {("delivered", "OK"): number}
    row(
        f"disk full {times} times (ENOSPC)",
        "inspection goes on; alarm; nothing crashes; books balance",
        f"{number} results, all delivered, all written afterwards",
        "test_delivery_disk.py::test_a_full_disk_is_survived_in_memory_and_the_books_balance_afterwards",
        is_long=is_long,
    )


def test_memory_stays_bounded_while_the_disk_is_full_and_drops_are_counted(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        ledger = open_ledger(disk / "ledger.db", max_unwritten=50)
        fill(disk)
        number = 0
        while not ledger.failure:
            number += 1
            append(ledger, [result(number, size=2000)])
        for _ in range(500):
            number += 1
            append(ledger, [result(number, size=2000)])
        assert len(ledger._unwritten) < 110
        dropped = sum(ledger.dropped.values())
        assert dropped > 400
        (disk / "ballast").unlink()
        until(lambda: not ledger.failure, "the disk is used again")
        ledger.close()
        books = verified(disk / "ledger.db")
    assert books == {("waiting", "OK"): number - dropped, ("dropped", "OK"): dropped}


def test_a_disk_that_is_read_only_at_the_start_is_used_as_soon_as_it_can_be(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        before = open_ledger(disk / "ledger.db")
        append(before, [result(1), result(2)])
        before.close()
        remount(disk, "ro")
        ledger = open_ledger(disk / "ledger.db", "boot-2")
        assert ledger.failure
        append(ledger, [result(3), result(4)])
        first, second = ledger.pending(9)
        assert (first.sequence, first.is_saved, first.boot_id) == (None, False, "boot-2")
        ledger.delivered(first.row_id)
        remount(disk, "rw")
        until(lambda: not ledger.failure, "the disk is used")
        ledger.delivered(second.row_id)
        assert payloads(ledger) == [b'{"number":1}', b'{"number":2}']
        append(ledger, [result(5)])
        until(lambda: ledger.depth == 3, "acknowledged")
        ledger.close()
        assert verified(disk / "ledger.db") == {("waiting", "OK"): 3, ("delivered", "OK"): 2}


@contextmanager
def station(folder: Path, port: int, parts: int = 20_000) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon on six parts over and over, with a ledger."""
    few = write_parts(folder / "few")
    (folder / "many").mkdir()
    for number in range(parts):
        (folder / "many" / f"{number:06}.png").hardlink_to(few / f"part{number % 6 + 1}.png")
    camera = {"source": str(folder / "many")}
    path = write_station(folder, camera, port=port, ledger={"path": str(folder / "ledger.db")})
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([*COMMAND, "run", "-c", str(path)], stderr=log)
        try:
            yield daemon
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(30) == 0, (folder / "log").read_text()
        finally:
            daemon.kill()
            daemon.wait()


def wait_for_alarm(historian: Historian, code: str, *, active: bool, count: int = 1) -> None:
    """Wait until an alarm has come or ended so many times."""

    def times() -> int:
        said = [json.loads(payload) for payload in historian.subscriber.payloads(TOPICS.alarm)]
        for message in said:
            check_message("alarm", message)
        return [message["active"] for message in said if message["code"] == code].count(active)

    until(lambda: times() >= count, f"alarm {code} active {active}")


def wait_for_unsaved(historian: Historian) -> None:
    """Wait for one more result that is not on the disk yet."""
    seen = len(historian.messages)
    until(lambda: any("unsaved" in said for said in historian.messages[seen:]), "results go on")


@pytest.mark.broker
@needs_mosquitto
def test_a_daemon_under_a_quota_publishes_on_and_says_so(tmp_path: Path, is_long: bool) -> None:
    times = 10 if is_long else 1
    with running_mosquitto() as mosquitto, Historian(mosquitto.port) as historian:
        with station(tmp_path, mosquitto.port, parts=20_000 * times) as daemon:
            _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
            for number in range(1, times + 1):
                historian.wait_for_more(20)
                resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (1, hard))
                wait_for_alarm(historian, "ledger_failing", active=True, count=number)
                wait_for_unsaved(historian)
                resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
                wait_for_alarm(historian, "ledger_failing", active=False, count=number)
        books = verified(tmp_path / "ledger.db")
        until(lambda: historian.different == sum(books.values()), "everything has arrived")
        again = duplicates(historian.messages, historian.different)
        unsaved = sum("unsaved" in message for message in historian.messages)
    assert {state for state, _ in books} == {"delivered"}
    row(
        f"file size quota {times} times under a running daemon",
        "inspection goes on; alarm; nothing crashes; books balance",
        f"{sum(books.values())} results, {unsaved} published before they were on the disk; 0 lost, "
        f"{again} duplicates, books balance",
        "test_delivery_disk.py::test_a_daemon_under_a_quota_publishes_on_and_says_so",
        is_long=is_long,
    )


@pytest.mark.broker
@needs_mosquitto
def test_a_daemon_with_a_damaged_ledger_starts_with_a_new_one_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(os.urandom(20_000))
    with running_mosquitto() as mosquitto, Historian(mosquitto.port) as historian:
        with station(tmp_path, mosquitto.port):
            historian.wait_for_more(20)
            wait_for_alarm(historian, "ledger_damaged", active=True)
        books = verified(tmp_path / "ledger.db")
        until(lambda: historian.different == sum(books.values()), "everything has arrived")
    aside = list(tmp_path.glob("ledger.db.damaged-*"))
    assert [path.stat().st_size for path in aside] == [20_000]
