"""What connecting again and again leaves in memory: `python -m tests.faults.growth KIND ADDRESS TIMES`.

A process of its own, in which nothing else allocates; connects to a `camera` or a `broker`. Prints as JSON
by how much the number of Python's blocks and the resident memory have grown since a fifth of the times.
"""

import gc
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass

from edgevision.capture.opencv import UrlSource
from edgevision.config.station import CameraSettings, MqttSettings
from edgevision.host.heap import limit_heaps
from edgevision.messages import Topics
from edgevision.mqtt.client import PahoBroker
from tests.faults.fuzzing import rss_mb

__all__ = ["Growth"]

_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Growth:
    """Of a process, over so many times."""

    times: int
    blocks: int
    kb: float


def _camera(url: str) -> Callable[[], None]:
    source = UrlSource(CameraSettings(name="cam1", source=url))

    def use() -> None:
        source.open()
        assert source.read() is not None
        source.close()

    return use


def _broker(port: str) -> Callable[[], None]:
    settings, topics = MqttSettings(host="127.0.0.1", port=int(port)), Topics("edgevision", "line1")

    def use() -> None:
        connected = threading.Event()
        broker = PahoBroker(settings, topics)
        broker.on_connected(connected.set)
        broker.start()
        assert connected.wait(_PATIENCE_S)
        broker.stop(_PATIENCE_S)

    return use


def _main(kind: str, address: str, times: int) -> None:
    limit_heaps()
    use = {"camera": _camera, "broker": _broker}[kind](address)
    before, counted = (0, 0.0), times - times // 5
    for left in range(times, 0, -1):
        if left == counted:
            gc.collect()
            before = sys.getallocatedblocks(), rss_mb()
        use()
    gc.collect()
    blocks, mb = sys.getallocatedblocks(), rss_mb()
    print(json.dumps(asdict(Growth(counted, blocks - before[0], 1e3 * (mb - before[1])))))  # noqa: T201


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
