"""The commands of deploy/INSTALL.md, as they stand there, on a machine where edgevision is installed."""

from tests.guides import blocks
from tests.systemd.conftest import INSTALL, fresh_host
from tests.systemd.machine import Machine, needs_systemd

pytestmark = needs_systemd

# The reader is root already, and names his station in the editor.
READER = """
set -eu
sudo() { "$@"; }
sudoedit() { sed -i 's/^station: line1/station: press3/' "$1"; }
"""


def test_the_commands_of_the_guide_make_a_second_station_with_a_secret(machine: Machine) -> None:
    fresh_host(machine)
    machine.run(*INSTALL)

    for block in blocks("deploy/INSTALL.md"):
        if block.is_run:
            machine.run("sh", "-c", READER + block.text)

    assert machine.show("edgevision@press3.service")["ActiveState"] == "active"
    assert "station: press3" in machine.run("cat", "/etc/edgevision/press3.yaml")
    secret = "/etc/credstore/edgevision.line1.mqtt-password"
    assert machine.run("stat", "-c", "%U %a", secret) == "root 600\n"
    machine.run("systemctl", "disable", "--now", "edgevision@press3", "edgevision@line1")
