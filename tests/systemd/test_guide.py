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


def test_the_commands_of_the_guide_make_a_second_station_and_tune_the_first(
    machine: Machine,
) -> None:
    fresh_host(machine)
    machine.run(*INSTALL)

    for block in blocks("deploy/INSTALL.md"):
        if block.is_run:
            machine.run("sh", "-c", READER + block.text)

    assert machine.show("edgevision@press3.service")["ActiveState"] == "active"
    assert "station: press3" in machine.run("cat", "/etc/edgevision/press3.yaml")
    secret = "/etc/credstore/edgevision.line1.mqtt-password"
    assert machine.run("stat", "-c", "%U %a", secret) == "root 600\n"
    assert machine.show("edgevision@line1.service")["ActiveState"] == "active"
    # The station is another user than root, who tuned it.
    assert machine.run("stat", "-c", "%U", "/var/cache/edgevision/line1/engines.json") == "root\n"
    assert "engines.json: ignored" not in machine.run("journalctl", "-u", "edgevision@line1")
    machine.run("systemctl", "disable", "--now", "edgevision@press3", "edgevision@line1")
