"""One machine for all tests of this folder, and edgevision installed on it by `deploy/install.sh`."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.files import ROOT
from tests.systemd.machine import Machine, booted

__all__ = ["INSTALL", "UNINSTALL", "fresh_host"]

_WHEELS = "/var/wheels"
_SCRIPT = ("env", "PYTHON=/opt/machine/python/bin/python3", "sh", "/opt/machine/repository/deploy/install.sh")
INSTALL = (*_SCRIPT, "--offline", _WHEELS)
UNINSTALL = (*_SCRIPT, "--uninstall")

# What edgevision needs, and pip, come from the tests' own environment: fetching it would need a network.
_PREPARE = """
set -e
echo /opt/machine/python/lib >/etc/ld.so.conf.d/00-machine.conf
ldconfig
/opt/machine/python/bin/python3 -m venv --without-pip /opt/machine/venv
echo /opt/machine/site >"$(echo /opt/machine/venv/lib/python3*/site-packages)/machine.pth"
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package as deploy/INSTALL.md says, from a copy, because building leaves files behind."""
    pytest.importorskip("setuptools", reason="building the wheel without a network needs setuptools")
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "edgevision", folder / "edgevision")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    subprocess.run(command, cwd=folder, check=True)
    return next(folder.glob("edgevision-*.whl"))


@pytest.fixture(scope="session")
def machine(wheel: Path) -> Iterator[Machine]:
    """Boot a machine with a Python and the wheel, and no edgevision."""
    with booted() as machine:
        machine.run("sh", "-c", _PREPARE)
        machine.write(f"{_WHEELS}/{wheel.name}", wheel.read_bytes())
        yield machine


@pytest.fixture
def long_only(is_long: bool) -> None:
    """Skip what takes long and is no part of the short form."""
    if not is_long:
        pytest.skip("installs or waits for long: --long")


def fresh_host(machine: Machine) -> None:
    """Leave nothing of edgevision but a virtual environment that has what it depends on."""
    machine.run(*UNINSTALL)
    machine.run("sh", "-c", "rm -rf /etc/edgevision /var/*/private/edgevision /var/*/edgevision")
    machine.run("cp", "-a", "/opt/machine/venv", "/opt/edgevision")
