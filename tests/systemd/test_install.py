"""`deploy/install.sh` on a fresh host: installed, upgraded in place, removed."""

import pytest

from tests.systemd.conftest import INSTALL, UNINSTALL, fresh_host
from tests.systemd.machine import Machine, needs_systemd

pytestmark = [needs_systemd, pytest.mark.usefixtures("long_only")]

UNIT = "edgevision@line1.service"
COUNT = ("/opt/edgevision/bin/edgevision", "ledger", "stats", "/var/lib/edgevision/line1/ledger.db")


@pytest.fixture
def host(machine: Machine) -> Machine:
    fresh_host(machine)
    return machine


def test_a_fresh_host_gets_a_station_that_inspects_without_a_broker_until_it_is_removed(
    host: Machine,
) -> None:
    said = host.run(*INSTALL)
    found = host.show(UNIT)

    assert f"{UNIT} is ready: " in said
    assert (found["ActiveState"], found["UnitFileState"]) == ("active", "enabled")
    assert host.run("systemd-analyze", "verify", UNIT) == ""
    host.wait(UNIT, lambda unit: "ContinuousExecution" in unit["StatusText"])
    assert "numbers 1 to" in host.run(*COUNT)

    host.run(*UNINSTALL)
    found = host.show(UNIT)

    assert (found["LoadState"], found["ActiveState"]) == ("not-found", "inactive")
    assert not host.exists("/opt/edgevision")
    assert not host.exists("/etc/systemd/system/multi-user.target.wants/edgevision@line1.service")
    assert host.exists("/etc/edgevision/line1.yaml")
    assert host.exists("/var/lib/edgevision/line1/ledger.db")


def test_installing_again_keeps_the_settings_and_lets_openvino_into_the_sandbox(host: Machine) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    host.run(*INSTALL)
    host.run("sh", "-c", "echo 'engine: {name: openvino, precision: int8}' >>/etc/edgevision/line1.yaml")
    first = host.show(UNIT)
    said = host.run(*INSTALL, "--openvino")
    second = host.show(UNIT)

    assert "/etc/edgevision stays as it is" in said
    assert f"{UNIT} is ready: " in said
    assert second["InvocationID"] != first["InvocationID"]
    assert " on openvino " in host.journal("--unit", UNIT)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--ofline", "/var/wheels"), "--ofline: unknown; expected --openvino"),
        (("--offline", "/var/empty"), "/var/empty: expected edgevision-*.whl"),
        (("--offline",), "expected the folder with the wheels"),
    ],
)
def test_a_mistake_installs_nothing_and_says_why(
    host: Machine, arguments: tuple[str, ...], message: str
) -> None:
    assert message in host.run(*INSTALL[:-2], *arguments, check=False)
    assert not host.exists("/etc/systemd/system/edgevision@.service")


def test_somebody_who_is_not_root_is_told_so(host: Machine) -> None:
    said = host.run("setpriv", "--reuid", "65534", "--clear-groups", *INSTALL, check=False)

    assert "expected root, got nobody" in said
