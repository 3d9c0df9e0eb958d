"""A broker for the suite: Mosquitto where it is installed, as in a plant, and else the embedded one."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgevision.errors import PublishError
from edgevision.mqtt.broker import EmbeddedBroker

__all__ = ["running_broker"]

_HOST = "127.0.0.1"
_START_S = 10.0
_SYSTEM_PATH = "/usr/sbin:/usr/local/sbin"


@contextmanager
def running_broker() -> Iterator[tuple[str, int]]:
    """Give the broker's name and port on the loopback interface.

    Raises:
        PublishError: it does not start.
        UsageError: neither is installed.
    """
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path=_SYSTEM_PATH)
    if binary is None:
        with EmbeddedBroker() as embedded:
            yield "embedded broker", embedded.port
        return
    with tempfile.TemporaryDirectory(prefix="edgevision-bench-") as folder:
        port = _free_port()
        config = Path(folder, "mosquitto.conf")
        config.write_text(f"listener {port} {_HOST}\nallow_anonymous true\nset_tcp_nodelay true\n")
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen([binary, "-c", str(config)], stdout=nowhere, stderr=nowhere)  # noqa: S603
        try:
            _await(process, port)
            yield "Mosquitto", port
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: "subprocess.Popen[bytes]", port: int) -> None:
    give_up_s = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < give_up_s:
        try:
            socket.create_connection((_HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise PublishError(
        f"Mosquitto: expected it to listen on port {port}, it does not; run it by hand to see why"
    )
