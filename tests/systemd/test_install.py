"""`deploy/install.sh` on a fresh host: installed, upgraded in place, removed."""

import pytest

from tests.systemd.conftest import INSTALL, UNINSTALL, fresh_host
from tests.systemd.machine import Machine

UNIT = "edgevision@line1.service"
COUNT = ("/opt/edgevision/bin/edgevision", "ledger", "stats", "/var/lib/edgevision/line1/ledger.db")


@pytest.fixture
def host(machine: Machine) -> Machine:
    fresh_host(machine)
    return machine


def exists(machine: Machine, path: str) -> bool:
    return machine.run("sh", "-c", f"test -e {path} && echo yes", check=False) == "yes\n"


def test_a_fresh_host_gets_a_station_that_inspects_without_a_broker(host: Machine) -> None:
    said = host.run(*INSTALL)
    found = host.show(UNIT)

    assert f"{UNIT} is ready: " in said
    assert (found["ActiveState"], found["UnitFileState"]) == ("active", "enabled")
    assert host.run("systemd-analyze", "verify", UNIT) == ""
    host.wait(UNIT, lambda unit: "ContinuousExecution" in unit["StatusText"])
    assert "numbers 1 to" in host.run(*COUNT)


def test_installing_again_upgrades_in_place_and_keeps_the_settings(host: Machine) -> None:
    host.run(*INSTALL)
    host.run("sed", "-i", "s/fps: 5/fps: 4/", "/etc/edgevision/line1.yaml")
    first = host.show(UNIT)
    said = host.run(*INSTALL)
    second = host.show(UNIT)

    assert "/etc/edgevision stays as it is" in said
    assert f"{UNIT} is ready: " in said
    assert "fps: 4" in host.run("cat", "/etc/edgevision/line1.yaml")
    assert second["InvocationID"] != first["InvocationID"]


def test_the_drop_in_lets_openvino_run_in_the_sandbox(host: Machine) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    host.run(*INSTALL)
    refused = host.journal("--unit", UNIT)
    host.run(*INSTALL, "--openvino")
    host.run("sh", "-c", "echo 'engine: {name: openvino}' >>/etc/edgevision/line1.yaml")
    host.run("systemctl", "restart", UNIT)

    assert "on onnxruntime" in refused
    assert " on openvino " in host.journal("--unit", UNIT)


def test_uninstalling_leaves_settings_and_results(host: Machine) -> None:
    host.run(*INSTALL)
    host.run(*UNINSTALL)
    found = host.show(UNIT)

    assert (found["LoadState"], found["ActiveState"]) == ("not-found", "inactive")
    assert not exists(host, "/opt/edgevision")
    assert not exists(host, "/etc/systemd/system/multi-user.target.wants/edgevision@line1.service")
    assert exists(host, "/etc/edgevision/line1.yaml")
    assert exists(host, "/var/lib/edgevision/line1/ledger.db")


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
    assert not exists(host, "/etc/systemd/system/edgevision@.service")


def test_somebody_who_is_not_root_is_told_so(host: Machine) -> None:
    said = host.run("setpriv", "--reuid", "65534", "--clear-groups", *INSTALL, check=False)

    assert "expected root, got nobody" in said
