"""The unit under a booted systemd, seen from outside: systemctl, the journal, and mosquitto_sub."""

import itertools
import json
from collections.abc import Iterator

import pytest

from tests.systemd.conftest import INSTALL, fresh_host
from tests.systemd.machine import Listener, Machine, needs_systemd
from tests.systemd.stations import (
    ACCESS,
    BROKER,
    CAMERA,
    CREDENTIAL,
    PASSWORD,
    QUICKER,
    RECIPE,
    SERVE,
    UNIT,
    WATCHDOG_S,
    Station,
    restarted,
)

pytestmark = needs_systemd
_names = (f"line{number}" for number in itertools.count(1))


@pytest.fixture
def station(machine: Machine) -> Iterator[Station]:
    if not machine.exists("/opt/edgevision/bin/edgevision"):
        fresh_host(machine)
        machine.run(*INSTALL)
    machine.run("systemctl", "stop", "edgevision@*.service")
    machine.write(f"/etc/systemd/system/{UNIT}.d/quicker.conf", QUICKER)
    machine.write(CREDENTIAL, PASSWORD, "600")
    machine.run("systemctl", "daemon-reload")
    station = Station(machine, next(_names))
    station.write()
    yield station
    machine.run("systemctl", "stop", UNIT)
    machine.run("systemctl", "reset-failed", UNIT, check=False)
    machine.run("sh", "-c", f"rm -rf {RECIPE} /var/lib/private/edgevision/test /etc/systemd/system/{UNIT}.d")
    machine.run("cp", "/opt/machine/repository/deploy/examples/surface-crack.yaml", RECIPE)


@pytest.fixture
def heard(station: Station) -> Iterator[Listener]:
    """Run a broker that asks for a password, and listen to it."""
    station.machine.run("sh", "-c", BROKER, "broker", PASSWORD)
    with station.machine.listening(1883, *ACCESS) as listener:
        yield listener
    station.machine.run("systemctl", "stop", "broker", check=False)


@pytest.fixture
def camera(station: Station) -> Iterator[str]:
    """Run a network camera that stalls, and return its address."""
    yield station.machine.run("sh", "-c", SERVE, "serve", CAMERA).strip()
    station.machine.run("systemctl", "stop", "camera", check=False)


def test_ready_comes_with_the_first_frame_and_the_password_from_the_credential(
    station: Station, heard: Listener
) -> None:
    found = station.start()
    result = json.loads(heard.wait_for(station.topic("cam1/result")))

    assert (found["ActiveState"], found["NRestarts"]) == ("active", "0")
    assert result["judgement"] in {"OK", "NG", "ND"}
    assert PASSWORD not in station.machine.run("sh", "-c", f"cat /proc/{found['MainPID']}/environ")
    assert station.machine.run("stat", "-c", "%U %a", CREDENTIAL) == "root 600\n"


@pytest.mark.usefixtures("long_only")
def test_a_camera_that_is_away_keeps_the_light_from_going_green(station: Station) -> None:
    station.write({"source": "http://127.0.0.1:9/"})
    station.machine.run("systemctl", "start", "--no-block", UNIT)
    found = station.machine.wait(UNIT, lambda unit: "cam1 is lost" in unit["StatusText"])

    assert found["ActiveState"] == "activating"


def test_sigterm_finishes_says_stopped_and_ends_in_time(station: Station, heard: Listener) -> None:
    station.start()
    heard.wait_for(station.topic("cam1/result"))
    station.machine.run("systemctl", "stop", UNIT)
    found = station.machine.show(UNIT)

    heard.wait_for(station.topic("status"), lambda status: status == "stopped")
    assert (found["Result"], found["ExecMainStatus"]) == ("success", "0")
    verify = ("ledger", "verify", "/var/lib/edgevision/test/ledger.db")
    assert "gap" not in station.machine.run("/opt/edgevision/bin/edgevision", *verify).replace("no gap", "")


def test_a_process_that_stands_still_is_restarted_by_the_watchdog(station: Station) -> None:
    first = station.start()
    station.machine.run("systemctl", "kill", "--signal", "STOP", UNIT)
    station.machine.wait(UNIT, restarted(first))

    assert "Watchdog timeout" in station.machine.journal(f"INVOCATION_ID={first['InvocationID']}")


@pytest.mark.usefixtures("long_only")
def test_a_capture_thread_that_hangs_gets_no_green_light(station: Station, camera: str) -> None:
    station.write({"source": camera, "read_timeout_s": 600.0})
    first = station.start()
    station.machine.wait(UNIT, restarted(first))
    said = station.machine.journal(f"_SYSTEMD_INVOCATION_ID={first['InvocationID']}", "--priority", "err")

    assert "no sign of life from capture-cam1; the watchdog is not fed" in said
    assert "Watchdog timeout" in station.machine.journal(f"INVOCATION_ID={first['InvocationID']}")


@pytest.mark.usefixtures("long_only")
def test_losing_camera_and_broker_is_told_and_is_no_reason_to_restart(
    station: Station, heard: Listener, camera: str
) -> None:
    station.write({"source": camera, "reopen_max_s": 60.0, "read_timeout_s": 1.0})
    first = station.start()
    heard.wait_for(station.topic("cam1/result"))
    station.machine.run("systemctl", "stop", "camera", "broker")
    station.machine.wait(UNIT, lambda unit: "cam1 is lost" in unit["StatusText"])
    since_us = int(station.machine.show(UNIT)["WatchdogTimestampMonotonic"])
    found = station.machine.wait(
        UNIT, lambda unit: int(unit["WatchdogTimestampMonotonic"]) > since_us + 2 * WATCHDOG_S * 1e6
    )

    assert (found["ActiveState"], found["InvocationID"]) == ("active", first["InvocationID"])


def test_a_crash_is_followed_by_a_new_start(station: Station) -> None:
    first = station.start()
    station.machine.run("systemctl", "kill", "--signal", "KILL", UNIT)
    second = station.machine.wait(UNIT, restarted(first))

    assert second["NRestarts"] == "1"


def test_a_wrong_file_is_a_failure_and_not_tried_again(station: Station) -> None:
    station.write(receipt="no such key")
    station.machine.run("systemctl", "start", UNIT, check=False)
    found = station.machine.show(UNIT)

    assert (found["ActiveState"], found["SubState"]) == ("failed", "failed")
    assert (found["ExecMainStatus"], found["NRestarts"]) == ("78", "0")
    assert "did you mean 'recipe'?" in station.machine.journal("--unit", UNIT)


def test_reload_takes_a_new_recipe_between_two_frames(station: Station, heard: Listener) -> None:
    first = station.start()
    heard.wait_for(station.topic("cam1/result"))
    station.machine.run("sed", "-i", "s/^version: .*/version: 9.9.9/", RECIPE)
    station.machine.run("systemctl", "reload", UNIT)
    heard.wait_for(station.topic("cam1/result"), lambda text: json.loads(text)["recipe_version"] == "9.9.9")
    found = station.machine.wait(UNIT, lambda unit: "9.9.9" in unit["StatusText"])

    assert found["InvocationID"] == first["InvocationID"]
    assert (found["ActiveState"], found["SubState"]) == ("active", "running")


@pytest.mark.usefixtures("long_only")
def test_reload_says_what_needs_a_restart_or_why_it_is_refused(station: Station) -> None:
    first = station.start()
    station.write({"source": "sample:1", "fps": 4})
    station.machine.run("systemctl", "reload", UNIT)
    station.machine.wait(UNIT, lambda unit: "restart for cameras" in unit["StatusText"])
    station.machine.run("sh", "-c", f"echo 'rule: nonsense' >>{RECIPE}")
    station.machine.run("systemctl", "reload", UNIT)
    found = station.machine.wait(UNIT, lambda unit: "reload refused" in unit["StatusText"])

    assert (found["ActiveState"], found["InvocationID"]) == ("active", first["InvocationID"])
    assert "reload refused, the station goes on as it was" in station.machine.journal("--unit", UNIT)


@pytest.mark.usefixtures("long_only")
def test_the_journal_can_be_searched_by_station_and_priority(station: Station) -> None:
    station.write({"source": "http://127.0.0.1:9/"})
    station.machine.run("systemctl", "start", "--no-block", UNIT)
    station.machine.wait(UNIT, lambda unit: "cam1 is lost" in unit["StatusText"])
    fields = (f"EDGEVISION_STATION={station.name}", "EDGEVISION_ALARM=camera_lost")
    lines = station.machine.journal("--output", "json", *fields).splitlines()
    entry = json.loads(lines[0])

    assert (entry["PRIORITY"], entry["EDGEVISION_CAMERA"]) == ("3", "cam1")
    assert entry["_SYSTEMD_UNIT"] == UNIT
    assert len(entry["MESSAGE_ID"]) == 32
