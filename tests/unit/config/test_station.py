"""Settings of a station that do not go together, or cannot be meant."""

from pathlib import Path

import pytest

from edgevision.config.document import load_station
from edgevision.errors import ConfigError
from tests.unit.config.documents import STATION, refusal, write


def test_a_triggered_camera_has_no_change_gate(tmp_path: Path) -> None:
    gated = STATION + "    change_gate: {full_every_s: 2}\n"

    assert load_station(write(tmp_path, gated)).cameras[0].change_gate is not None
    (line,) = refusal(tmp_path, gated + "    mode: triggered\n")
    assert line.startswith("5:5: cameras[0]: change_gate: each trigger asks about another part")


@pytest.mark.parametrize("host", ["h", "broker.plant", "192.0.2.7", "::1", "fe80::1%eth0", "2001:db8::7"])
def test_a_broker_is_named_or_numbered(tmp_path: Path, host: str) -> None:
    station = load_station(write(tmp_path, STATION + f"mqtt: {{host: '{host}'}}\n"))

    assert station.mqtt is not None
    assert station.mqtt.host == host


def test_a_camera_named_like_a_topic_of_the_station_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "station.yaml"
    file.write_text(
        "schema: edgevision.station/1\nstation: line1\nrecipe: r.yaml\n"
        "cameras: [{name: alarm, source: 'sample:1'}]\n"
    )

    with pytest.raises(ConfigError, match="alarm is a topic of the station itself; rename the camera"):
        load_station(file)


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("    reopen_min_s: 40\n", "expected reopen_min_s at most reopen_max_s, got 40.0 and 0.75"),
        ("    width: true\n", "cameras[0].width: expected a whole number, got true"),
        (
            "    url_password_file: pw\n  - {source: 'rtsp://bob:hush@10.0.0.1/s'}\n",
            "8:6: cameras[1].source: expected no password in this file; write it into a file of its own",
        ),
        ("    fps: 1.0e-300\n", "cameras[0].fps: expected at least 0.001, got"),
        (
            "mqtt: {host: h, reconnect_min_s: 9, reconnect_max_s: 3}\n",
            "expected reconnect_min_s at most reconnect_max_s, got 9.0 and 3.0",
        ),
        (
            "mqtt: {host: h, password_credential: ../../etc/shadow}\n",
            "mqtt.password_credential: expected the name of a credential",
        ),
        (
            "mqtt: {host: 'mqtt://localhost'}\n",
            "7:8: mqtt.host: expected the name or the address of a host alone",
        ),
        (
            "mqtt: {host: 'localhost:1883'}\n",
            "(`port` and `tls` are keys of their own), got 'localhost:1883'",
        ),
        ("commands: {enabled: true}\n", "7:1: commands: they come over MQTT; give the section mqtt too"),
        ("ledger: {path: l.db}\n", "7:1: ledger: it keeps results for a broker; give the section mqtt too"),
        ("home_assistant: {}\n", "7:1: home_assistant: it is told over MQTT; give the section mqtt too"),
        ("  - source: 1\n    name: cam1\n", "8:5: cameras[1].name: expected different names, got cam1, cam1"),
        ("  - {source: 1, name: alarm}\n", "7:17: cameras[1].name: alarm is a topic of the station itself"),
        (
            "triggers: {gpio: [{chip: /dev/gpiochip0, line: 3, camera: cam9}]}\n",
            "7:51: triggers.gpio[0].camera: cam9 is no camera of mode triggered",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, addition: str, expected: str) -> None:
    (line,) = refusal(tmp_path, STATION + addition)

    assert expected in line
