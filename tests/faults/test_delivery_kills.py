"""`kill -9` of the real daemon at random moments under load: the books balance and nothing is lost."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from edgevision.ledger.reader import LedgerReader
from tests.faults.line import PERSISTENT, Historian, duplicates
from tests.faults.rows import row
from tests.ledgers import until, verified
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.stations import COMMAND, write_parts, write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]

_START_S = 120.0


def start(station: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as stream:
        return subprocess.Popen([*COMMAND, "run", "-c", str(station)], stderr=stream)


def parts_in(folder: Path) -> Path:
    """Write a folder of parts that a station inspects as fast as it can, for longer than it lives."""
    few = write_parts(folder / "few")
    many = folder / "many"
    many.mkdir()
    for number in range(5000):
        (many / f"{number:04}.png").hardlink_to(few / f"part{number % 6 + 1}.png")
    return many


def ids_in(ledger: Path) -> dict[int, str]:
    """Return sequence number → result id of everything in the file."""
    reader = LedgerReader(ledger)
    found = {row.sequence: json.loads(row.payload)["result_id"] for row in reader.rows()}
    reader.close()
    return found


def test_a_daemon_that_is_killed_again_and_again_loses_nothing(tmp_path: Path, is_long: bool) -> None:
    kills = 200 if is_long else 5
    rng = random.Random(1)
    ledger, log = tmp_path / "ledger.db", tmp_path / "log"
    camera = {"source": str(parts_in(tmp_path))}
    with (
        running_mosquitto(PERSISTENT, persistent=True) as mosquitto,
        Historian(mosquitto.port) as historian,
    ):
        station = write_station(tmp_path, camera, port=mosquitto.port, ledger={"path": str(ledger)})
        for _ in range(kills):
            daemon = start(station, log)
            seen = historian.different
            until(lambda seen=seen: historian.different > seen, log.read_text(), _START_S)  # type: ignore[misc]
            time.sleep(rng.uniform(0.0, 0.5))  # the random moment
            daemon.kill()
            daemon.wait()
        daemon = start(station, log)
        seen = historian.different
        until(lambda: historian.different > seen, log.read_text(), _START_S)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(30) == 0
        committed = ids_in(ledger)
        until(lambda: historian.different >= len(committed), "everything has arrived")
        again = duplicates(historian.messages, len(committed))
        late = sum("late" in message for message in historian.messages)
        assert {message["sequence"]: message["result_id"] for message in historian.messages} == committed
    books = verified(ledger)
    assert {state for state, _ in books} == {"delivered"}
    row(
        f"`kill -9` of the daemon at {kills} random moments under load, real Mosquitto",
        "0 lost sequence numbers, 0 results never delivered, duplicates only with equal result_id",
        f"{len(committed)} results, 0 numbers lost, 0 never delivered, {again} duplicates, {late} late",
        "test_delivery_kills.py",
        is_long=is_long,
    )
