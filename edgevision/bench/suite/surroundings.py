"""Everything around a station, as a process of its own: the camera, the broker, and who listens.

`python -m edgevision.bench.suite.surroundings FPS` prints as JSON where camera and broker are. After a
line on its standard input, how many results to wait for, it prints what was sent and what arrived, and
ends. `suite.witness` is the other end.
"""

import json
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgevision.bench.suite.broker import running_broker
from edgevision.bench.suite.camera import MjpegCamera, encoded
from edgevision.errors import EdgeVisionError, PublishError

__all__: list[str] = []

_TOPICS = "edgevision/+/+/result"
_SUBSCRIBE_S = 10.0
_LATEST_S = 10.0


class _Subscriber:
    """Notes when each result came."""

    def __init__(self, port: int) -> None:
        self._came = threading.Condition()
        self._raw: list[tuple[int, bytes]] = []
        self._is_subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(_TOPICS, qos=1)
        self._client.on_subscribe = lambda *_: self._is_subscribed.set()
        self._client.on_message = self._note
        self._port = port

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        if not self._is_subscribed.wait(_SUBSCRIBE_S):
            raise PublishError(
                f"the broker of the benchmark granted no subscription within {_SUBSCRIBE_S:g} s"
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _note(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        at_ns = time.monotonic_ns()
        with self._came:
            self._raw.append((at_ns, bytes(message.payload)))
            self._came.notify_all()

    def arrivals(self, results: int) -> list[tuple[str, int, int]]:
        """Return station, frame id and time of each, once there are so many or the last is long ago."""
        with self._came:
            self._came.wait_for(lambda: len(self._raw) >= results, _LATEST_S)
            contents = [(at_ns, json.loads(payload)) for at_ns, payload in self._raw]
        return [(said["station"], said["frame_id"], at_ns) for at_ns, said in contents]


def _say(content: dict[str, Any]) -> None:
    print(json.dumps(content), flush=True)  # noqa: T201  its only way to answer


def _main() -> None:
    with ExitStack() as stack:
        name, port = stack.enter_context(running_broker())
        subscriber = stack.enter_context(_Subscriber(port))
        camera = stack.enter_context(MjpegCamera(encoded(), float(sys.argv[1])))
        _say({"url": camera.url, "port": port, "broker": name})
        if line := sys.stdin.readline():
            arrivals = subscriber.arrivals(int(line))
            _say({"sent_ns": camera.sent_ns, "arrivals": arrivals})


if __name__ == "__main__":
    try:
        _main()
    except EdgeVisionError as error:
        sys.exit(str(error))
    finally:
        sys.stdout.flush()
