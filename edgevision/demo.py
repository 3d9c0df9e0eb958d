"""The demo: a station made in memory on any source, with the embedded broker unless one is named."""

import logging
import re
import shlex
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from edgevision.capture.address import kind_of
from edgevision.config.document import LoadedRecipe, recipe_ref
from edgevision.config.evidence import PreviewSettings
from edgevision.config.station import CameraSettings, MqttSettings, Station
from edgevision.daemon.run import Daemon
from edgevision.dashboard.extra import is_installed, make_dashboard
from edgevision.dashboard.settings import DashboardSettings
from edgevision.errors import PublishError, UsageError
from edgevision.host.terminal import VerdictLines
from edgevision.mqtt.broker import EmbeddedBroker

__all__ = ["STATION", "broker_address", "run_demo"]

_log = logging.getLogger(__name__)

STATION = "demo"
_SAMPLE_FPS = 10.0
_PREVIEW_EVERY_S = 0.2
_ADDRESS = re.compile(r"(?:(?P<name>[^\s:/@\[\]]+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?")


def run_demo(
    recipe: LoadedRecipe,
    source: str,
    broker: MqttSettings | None,
    frames: int | None,
    stop: threading.Event,
) -> None:
    """Inspect `source` until `stop` is set, `frames` are done, or a recording is over.

    Sources other than the sample line are inspected over the whole frame, because a recipe's
    regions fit the pictures that it was made for.
    """
    console = Console(file=sys.stdout)
    is_sample = kind_of(source) == "sample"
    with ExitStack() as stack:
        kind = "given"
        if broker is None:
            embedded = stack.enter_context(EmbeddedBroker())
            broker, kind = MqttSettings(host=embedded.host, port=embedded.port), "embedded"
        _announce(console, broker, kind)
        if is_installed():
            _open_dashboard(console, broker, stack)
        camera = CameraSettings(source=source, fps=_SAMPLE_FPS if is_sample else None)
        station = Station(
            station=STATION,
            recipe=recipe.document.path,
            cameras=(camera,),
            mqtt=broker,
            preview=PreviewSettings(every_s=_PREVIEW_EVERY_S),
        )
        loaded = recipe if is_sample else _whole_frame(recipe)
        try:
            Daemon(station, loaded, observers=[VerdictLines(console)], frames=frames).run(stop)
        except PublishError as error:  # the verdicts were shown all the same
            _log.warning("%s", error)


def broker_address(text: str) -> MqttSettings:
    """Return the broker of `HOST:PORT` or `HOST`; raises UsageError."""
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or 1883) if found else 0
    if found is None or not 0 < port < 65536:
        raise UsageError(f"--broker {text}: expected HOST:PORT, for example 192.168.1.10:1883")
    return MqttSettings(host=found["name"] or found["ipv6"], port=port)


def _whole_frame(loaded: LoadedRecipe) -> LoadedRecipe:
    """Return the recipe without regions and zones, under the hash of what is left."""
    tasks = tuple(step.model_copy(update={"region": None}) for step in loaded.recipe.tasks)
    rules = tuple(rule.model_copy(update={"zone": None}) for rule in loaded.recipe.rules)
    recipe = loaded.recipe.model_copy(update={"tasks": tasks, "rules": rules, "zones": ()})
    return replace(loaded, recipe=recipe, ref=recipe_ref(recipe))


def _open_dashboard(console: Console, broker: MqttSettings, stack: ExitStack) -> None:
    """Serve it with a history of its own, which ends with the demo."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edgevision-"))
    settings = DashboardSettings(broker=broker, history=Path(folder, "history.sqlite"), port=0)
    dashboard = stack.enter_context(make_dashboard(settings))
    console.print(f"look    {dashboard.address}", highlight=False, soft_wrap=True)


def _announce(console: Console, broker: MqttSettings, kind: str) -> None:
    address = f"mqtt://{broker.host}:{broker.port}"
    listen = shlex.join(
        ["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-t", "edgevision/#", "-v"]
    )
    console.print(f"broker  {address} ({kind})", highlight=False, soft_wrap=True)
    console.print(f"listen  {listen}", highlight=False, soft_wrap=True)
