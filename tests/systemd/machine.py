"""A booted systemd on this machine, in namespaces of its own, and an ear at the broker inside.

Nothing of it outlives the test: its root is an overlay in memory, its network a loopback.
"""

import os
import shutil
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repo.files import ROOT

__all__ = ["Listener", "Machine", "booted", "needs_systemd"]

_BOOT = Path(__file__).with_name("boot.sh")
_SYSTEMD = Path("/lib/systemd/systemd")
_TOOLS = ("unshare", "nsenter", "ip", "systemctl", "dbus-daemon", "mosquitto_sub")
_NAMESPACES = ("--pid", "--fork", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--kill-child")
_BOOT_TIMEOUT_S = 60.0
_COMMAND_TIMEOUT_S = 180.0


def _missing() -> str:
    """Return what this host lacks for booting a systemd; empty when it can."""
    if os.geteuid() != 0:
        return "not root, who alone may make the namespaces"
    lacking = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if lacking or not _SYSTEMD.exists():
        return (
            f"no {', '.join(lacking) or _SYSTEMD} (Debian, Ubuntu: systemd dbus iproute2 mosquitto-clients)"
        )
    probe = subprocess.run(["unshare", *_NAMESPACES, "true"], capture_output=True, text=True, check=False)
    return probe.stderr.strip()


needs_systemd = pytest.mark.skipif(
    bool(_MISSING := _missing()), reason=f"no systemd can be booted here: {_MISSING}"
)


class Machine:
    """The booted systemd: commands run inside as root."""

    def __init__(self, pid: int) -> None:
        self._inside = ["nsenter", "-t", str(pid), *("-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w")]
        self._network = ["nsenter", "-t", str(pid), "-n"]

    def run(self, *command: str, check: bool = True, stdin: str | bytes = b"") -> str:
        """Return what a command wrote to both outputs; fail the test when it fails."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*self._inside, *command],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_COMMAND_TIMEOUT_S,
            check=False,
        )
        text = done.stdout.decode(errors="replace")
        if check and done.returncode != 0:
            pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{text}\n{self.journal()}")
        return text

    def write(self, path: str, content: str | bytes, mode: str = "644") -> None:
        """Write a file, with its folders."""
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"'
        self.run("sh", "-c", script, "write", path, mode, stdin=content)

    def exists(self, path: str) -> bool:
        """Return whether there is such a file or folder."""
        return "yes" in self.run("sh", "-c", 'test -e "$1" && echo yes', "exists", path, check=False)

    def show(self, unit: str) -> dict[str, str]:
        """Return the properties of a unit."""
        lines = self.run("systemctl", "show", unit).splitlines()
        return {"StatusText": ""} | dict(line.split("=", 1) for line in lines if "=" in line)

    def wait(
        self, unit: str, wanted: Callable[[dict[str, str]], bool], timeout_s: float = 90.0
    ) -> dict[str, str]:
        """Return the properties of a unit as soon as they are as wanted; systemctl has no event for it."""
        deadline = time.monotonic() + timeout_s
        while not wanted(found := self.show(unit)):
            if time.monotonic() > deadline:
                pytest.fail(f"{unit} is {found['ActiveState']}, {found['StatusText']}:\n{self.journal()}")
            time.sleep(0.2)
        return found

    def journal(self, *options: str) -> str:
        """Return the newest lines of the journal."""
        return self.run("journalctl", "--no-pager", "--lines", "60", *options, check=False)

    @contextmanager
    def listening(self, port: int, *access: str) -> Iterator["Listener"]:
        """Run mosquitto_sub on everything, from outside into the machine's network."""
        command = ["mosquitto_sub", "-p", str(port), "-t", "#", "-q", "1", "-F", "%t %p", *access]
        with subprocess.Popen([*self._network, *command], stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Listener(process)
            finally:
                process.terminate()


class Listener:
    """What mosquitto_sub hears, by topic."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._heard: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._process = process
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            topic, _, payload = line.rstrip("\n").partition(" ")
            with self._changed:
                self._heard.append((topic, payload))
                self._changed.notify_all()

    def wait_for(self, topic: str, wanted: Callable[[str], bool] = bool, timeout_s: float = 60.0) -> str:
        """Return the first payload on a topic that is wanted, from the start of listening."""

        def find() -> str | None:
            return next((text for name, text in self._heard if name == topic and wanted(text)), None)

        with self._changed:
            self._changed.wait_for(lambda: find() is not None, timeout_s)
            found = find()
        if found is None:
            pytest.fail(f"nothing wanted came on {topic} within {timeout_s} s: {self._heard[-5:]}")
        return found


@contextmanager
def booted() -> Iterator[Machine]:
    """Boot; power off at the end."""
    packages = next(path for path in site.getsitepackages() if Path(path, "pip").exists())
    with tempfile.TemporaryDirectory(prefix="machine-") as root:
        script = ["sh", str(_BOOT), root, sys.base_prefix, packages, str(ROOT)]
        with subprocess.Popen(
            ["unshare", *_NAMESPACES, *script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as unshare:
            try:
                yield _running(unshare)
            finally:
                # PID 1 of the machine ends with its parent (--kill-child), and everything inside with PID 1.
                unshare.kill()


def _running(unshare: subprocess.Popen[str]) -> Machine:
    """Return the machine as soon as its systemd says that it is running."""
    deadline = time.monotonic() + _BOOT_TIMEOUT_S
    children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
    while time.monotonic() < deadline and unshare.poll() is None:
        if child := children.read_text().split():
            machine = Machine(int(child[0]))
            if Path(f"/proc/{child[0]}/comm").read_text() == "systemd\n" and "running" in machine.run(
                "systemctl", "is-system-running", check=False
            ):
                return machine
        time.sleep(0.1)
    unshare.kill()
    assert unshare.stdout is not None
    pytest.fail(f"systemd did not boot:\n{unshare.stdout.read()}")
