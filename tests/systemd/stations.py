"""A station as a unit of the booted machine: its files, and the broker and the camera beside it."""

from dataclasses import dataclass
from typing import Any

import yaml

from tests.systemd.machine import Machine

__all__ = [
    "ACCESS",
    "BROKER",
    "CAMERA",
    "CREDENTIAL",
    "PASSWORD",
    "QUICKER",
    "RECIPE",
    "SERVE",
    "UNIT",
    "WATCHDOG_S",
    "Station",
    "restarted",
]

UNIT = "edgevision@test.service"
CREDENTIAL = "/etc/credstore/edgevision.test.mqtt-password"
PASSWORD = "p@ss of line 1"
ACCESS = ("-u", "line1", "-P", PASSWORD)
RECIPE = "/etc/edgevision/surface-crack.yaml"

# Quicker than in the field, so that the tests are; a stop that takes more than 5 s is a failure.
WATCHDOG_S = 8
QUICKER = f"""
[Service]
WatchdogSec={WATCHDOG_S}
TimeoutStopSec=5
RestartSec=500ms
"""

BROKER = """
set -e
echo 'listener 1883 127.0.0.1
allow_anonymous false
password_file /etc/broker.passwords' >/etc/broker.conf
mosquitto_passwd -b -c /etc/broker.passwords line1 "$1"
chmod 644 /etc/broker.passwords
systemctl reset-failed broker 2>/dev/null || true
mosquitto=$(PATH=$PATH:/usr/sbin command -v mosquitto)
systemd-run --quiet --unit broker --property Type=notify "$mosquitto" -c /etc/broker.conf
"""

# Sends some pictures and then nothing more, with the connection open.
CAMERA = """
import threading
from tests.mjpeg import MjpegCamera, serving
with serving(MjpegCamera([(range(12, 30), True)])) as camera:
    print(camera.url, file=open("/run/camera.url", "w"), flush=True)
    threading.Event().wait()
"""

SERVE = """
set -e
rm -f /run/camera.url
systemd-run --quiet --unit camera --setenv PYTHONPATH=/opt/machine/repository:/opt/machine/site \
    /opt/machine/python/bin/python3 -c "$1"
until [ -s /run/camera.url ]; do sleep 0.1; done
cat /run/camera.url
"""


@dataclass(frozen=True)
class Station:
    """The unit, with its file as this test wants it."""

    machine: Machine
    name: str

    def write(self, camera: dict[str, Any] | None = None, **fields: Any) -> None:
        """Write the station file; with a broker unless it is told otherwise."""
        settings: dict[str, Any] = {
            "schema": "edgevision.station/1",
            "station": self.name,
            "recipe": RECIPE,
            "cameras": [camera or {"source": "sample:1", "fps": 5}],
            "engine": {"name": "onnxruntime", "precision": "int8"},
            "mqtt": {"host": "127.0.0.1", "username": "line1", "password_credential": "mqtt-password"},
            "ledger": {"path": "/var/lib/edgevision/test/ledger.db"},
        }
        self.machine.write("/etc/edgevision/test.yaml", yaml.safe_dump(settings | fields))

    def start(self) -> dict[str, str]:
        """Start and return the properties once it is ready."""
        self.machine.run("systemctl", "start", UNIT)
        return self.machine.show(UNIT)

    def topic(self, name: str) -> str:
        return f"edgevision/{self.name}/{name}"


def restarted(first: dict[str, str]) -> Any:
    """Return whether a unit is ready again, in another run than the first."""
    return lambda now: now["ActiveState"] == "active" and now["InvocationID"] != first["InvocationID"]
