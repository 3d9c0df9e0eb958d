"""The embedded broker of the demo: amqtt in a thread, anonymous, on the loopback interface only.

It speaks MQTT 3.1.1 and keeps nothing on disk. It is not meant for production.
"""

import asyncio
import importlib
import ipaddress
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from types import ModuleType, TracebackType
from typing import Any, Self

from edgevision.errors import PublishError, UsageError

__all__ = ["EmbeddedBroker"]

_log = logging.getLogger(__name__)

_START_TIMEOUT_S = 10.0
_NOISY = ("amqtt", "transitions")


class EmbeddedBroker:
    """A broker for one machine: `with EmbeddedBroker() as broker: … broker.port …`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Prepare; port 0 takes a free one. Raises UsageError for an address others could reach."""
        if not _is_loopback(host):
            raise UsageError(
                f"embedded broker on {host}: it knows no passwords and stays on the loopback interface;"
                " use 127.0.0.1, or run Mosquitto for other machines"
            )
        self.host = host
        self.port = port
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._broker: Any = None
        self._writers: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Self:
        """Start and wait until it listens; raises PublishError."""
        amqtt = _amqtt()
        self.port = self.port or _free_port(self.host)
        self._start_loop()
        try:
            self._wait(self._start(amqtt))
        except (amqtt.errors.AMQTTError, amqtt.errors.BrokerError, OSError, TimeoutError) as error:
            self._end_loop()
            raise PublishError(
                f"embedded broker on {self.host}:{self.port}: cannot start: {error}; choose another port"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; what it retained is gone."""
        try:
            self._wait(self._stop())
        finally:
            self._end_loop()

    def _start_loop(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._thread = threading.Thread(target=self._loop.run_forever, name="amqtt", daemon=True)
        self._thread.start()

    async def _start(self, amqtt: ModuleType) -> None:
        # Named plugins only: loading them by entry point is deprecated and warns.
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{self.host}:{self.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        self._broker = amqtt.broker.Broker(config, loop=self._loop)
        serve = self._broker.stream_connected
        self._broker.stream_connected = partial(_serve_and_close, self._writers, serve)
        await self._broker.start()

    async def _stop(self) -> None:
        """Hang up first: amqtt waits for clients that stay connected until their keepalive is over."""
        for writer in list(self._writers):
            writer.close()
        await self._broker.shutdown()
        clients = asyncio.all_tasks() - {asyncio.current_task()}
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_TIMEOUT_S)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _amqtt() -> ModuleType:
    try:
        amqtt = importlib.import_module("amqtt")
        importlib.import_module("amqtt.broker")
        importlib.import_module("amqtt.errors")
    except ImportError as error:
        raise UsageError(
            f"the embedded broker needs amqtt ({error}); pip install 'edgevision[demo]',"
            " or give --broker HOST:PORT"
        ) from error
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return amqtt


async def _serve_and_close(
    writers: set[asyncio.StreamWriter],
    serve: Callable[..., Awaitable[None]],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    **listener: str,
) -> None:
    """Close the connection at the end, which amqtt forgets when the client was faster."""
    writers.add(writer)
    try:
        await serve(reader, writer, **listener)
    finally:
        writers.discard(writer)
        writer.close()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep amqtt's faults at clients that vanish off the terminal."""
    _log.debug("amqtt: %s", context.get("exception") or context["message"])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
