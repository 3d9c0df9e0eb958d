"""The doctor at a real Mosquitto and real sockets: each way to fail told apart."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevision.doctor.findings import Grade
from edgevision.mqtt.broker import EmbeddedBroker
from tests.clients import until
from tests.examinations import examined, failure, verdicts
from tests.integration.conftest import Command
from tests.mosquitto import Mosquitto, Subscriber, free_port, needs_mosquitto, running_mosquitto
from tests.stations import write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]
PASSWD = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"


@contextmanager
def with_passwords(tmp_path: Path, acl: str = "") -> Iterator[tuple[Mosquitto, Path]]:
    """Run a broker that knows the user `line1`; returns the file of his password."""
    users, password = tmp_path / "users", tmp_path / "password"
    password.write_text("right\n")
    subprocess.run([PASSWD, "-b", "-c", str(users), "line1", "right"], check=True, capture_output=True)
    users.chmod(0o644)
    config = f"password_file {users}\n"
    if acl:
        (tmp_path / "acl").write_text(acl)
        config += f"acl_file {tmp_path / 'acl'}\n"
    with running_mosquitto(config, anonymous=False) as broker:
        yield broker, password


def as_line1(password: Path) -> dict[str, Any]:
    return {"username": "line1", "password_file": password}


def test_a_sound_broker_is_fine_step_by_step() -> None:
    with running_mosquitto() as broker:
        findings = examined(broker.port)

    steps = ["broker.dns", "broker.tcp", "broker.connack", "broker.subscribe", "broker.publish"]
    assert verdicts(findings) == dict.fromkeys(steps, "OK")
    assert "MQTT 5" in findings[2].text


def test_a_running_station_is_not_disturbed() -> None:
    with running_mosquitto() as broker, Subscriber(broker.port, "edgevision/line1/#") as subscriber:
        examined(broker.port)
        subscriber.wait_for("edgevision/line1/doctor")
        until(lambda: "edgevision-line1-doctor disconnected" in broker.log, "it has said good-bye")

        assert {message.topic for message in subscriber.messages} == {"edgevision/line1/doctor"}
        assert not any(message.retain for message in subscriber.messages)


def test_a_name_that_does_not_resolve() -> None:
    found = failure(examined(1883, host="no-such-broker.invalid"))

    assert found.name == "broker.dns"
    assert "no-such-broker.invalid" in found.text


def test_a_port_where_nobody_listens() -> None:
    found = failure(examined(free_port()))

    assert (found.name, "nobody listens" in found.text) == ("broker.tcp", True)


def test_a_black_hole_is_given_up_in_time() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # The queue is full: no one else gets an answer.
            found = failure(examined(port, connect_timeout_s=0.2))

    assert found.name == "broker.tcp"
    assert "no answer within 0.2 s" in found.text
    assert "firewalls" in found.remedy


def test_a_port_that_speaks_no_mqtt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = failure(examined(listener.getsockname()[1], connect_timeout_s=0.3))

    assert (found.name, "CONNACK" in found.text) == ("broker.connack", True)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_and_a_right_one(tmp_path: Path, protocol: str) -> None:
    with with_passwords(tmp_path) as (broker, password):
        right = examined(broker.port, **as_line1(password), protocol=protocol)
        password.write_text("wrong\n")
        wrong = failure(examined(broker.port, **as_line1(password), protocol=protocol))

    assert verdicts(right)["broker.publish"] == "OK"
    assert wrong.name == "broker.connack"
    assert "username" in wrong.remedy
    assert "wrong" not in wrong.text + wrong.remedy


def test_a_password_file_that_is_missing(tmp_path: Path) -> None:
    found = failure(examined(1883, username="line1", password_file=tmp_path / "gone"))

    assert (found.name, "gone" in found.text) == ("broker.settings", True)


def test_a_user_who_may_not_publish(tmp_path: Path) -> None:
    acl = "user line1\ntopic read edgevision/line1/#\n"
    with with_passwords(tmp_path, acl) as (broker, password):
        findings = examined(broker.port, **as_line1(password))
        old = examined(broker.port, **as_line1(password), protocol="3.1.1")

    found = failure(findings)
    assert (found.name, "Not authorized" in found.text) == ("broker.publish", True)
    assert "edgevision/line1/#" in found.remedy
    assert failure(old).name == "broker.publish"
    assert "does not say" in failure(old).text


def test_a_user_who_may_publish_and_not_read_is_warned(tmp_path: Path) -> None:
    with with_passwords(tmp_path, "user line1\ntopic write edgevision/line1/#\n") as (broker, password):
        findings = examined(broker.port, **as_line1(password))

    assert verdicts(findings)["broker.publish"] == "WARN"
    assert "may not read" in findings[-1].text


def test_an_old_broker_is_spoken_to_in_its_version() -> None:
    with EmbeddedBroker() as broker:
        findings = examined(broker.port)

    assert "speaks MQTT 3.1.1" in findings[2].text
    assert verdicts(findings)["broker.publish"] == "OK"


def test_a_broker_that_retains_nothing_and_bears_little_is_told() -> None:
    with running_mosquitto("retain_available false\nmax_packet_size 2000") as broker:
        findings = examined(broker.port)

    assert [finding.verdict for finding in findings if finding.name == "broker.limits"] == [Grade.WARN] * 2


def test_the_command_prints_a_line_for_each_finding_and_its_status(tmp_path: Path, command: Command) -> None:
    with running_mosquitto() as broker:
        path = write_station(
            tmp_path,
            {"source": "sample:1"},
            port=broker.port,
            ledger={"path": "ledger.db"},
            evidence={"folder": "evidence", "min_free_gb": 0, "budget_gb": 0.001},
        )
        sound = command("doctor", "-c", path)
        as_json = command("doctor", "--json", "-c", path)
    broken = command("doctor", "-c", path)

    assert (sound.status, sound.err) == (0, "")
    names = [line.split()[1].rstrip(":") for line in sound.out.splitlines()]
    assert names == [
        *("settings", "recipe", "bundle.surface", "engine.surface", "camera.cam1"),
        *("broker.dns", "broker.tcp", "broker.connack", "broker.subscribe", "broker.publish"),
        *("disk.ledger", "disk.evidence", "ledger", "clock"),
    ]
    assert [finding["name"] for finding in json.loads(as_json.out)["findings"]] == names
    assert broken.status == 10
    assert "FAIL  broker.tcp: 127.0.0.1" in broken.out
    assert "broker.tcp" in broken.err
    assert not (tmp_path / "evidence").exists()
