"""`edgevision run`: the daemon."""

import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.errors import EdgeVisionError
from edgevision.host.signals import (
    ending_at_once,
    reload_on_hangup,
    show_threads_on_abort,
    stop_on_signals,
)

if TYPE_CHECKING:
    from edgevision.daemon.run import Daemon

__all__ = ["run"]


def run(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="STATION.yaml", help="The station.")],
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames.")] = None,
) -> None:
    """Run a station until SIGTERM or SIGINT; recordings end it by themselves.

    While it starts, these end it at once. Later, frames already taken are inspected and delivered
    before it ends with 0; a station that ends by itself fails when results are left that no
    ledger holds. SIGHUP reads the recipe and the settings again, or says in the log why not.
    """
    with ending_at_once():
        daemon = _daemon(config, frames)
        stop, hangup = stop_on_signals(), reload_on_hangup()
    _run(daemon, stop, hangup)


def _daemon(config: Path, frames: int | None) -> "Daemon":
    from edgevision.config.document import load_recipe, load_station
    from edgevision.daemon.run import Daemon
    from edgevision.host.heap import limit_heaps, settle
    from edgevision.host.logs import set_up_logs

    station = load_station(config)
    set_up_logs(station.log_level, station.station)
    show_threads_on_abort()
    limit_heaps()
    daemon = Daemon(station, load_recipe(station.recipe), frames=frames, file=config)
    settle()
    return daemon


def _run(daemon: "Daemon", stop: threading.Event, hangup: threading.Event) -> None:
    status = 0
    try:
        daemon.run(stop, hangup)
    except EdgeVisionError as error:
        if not daemon.is_held:
            raise
        typer.echo(f"edgevision: {error}", err=True)
        status = error.exit_status
    if daemon.is_held:
        # At its end the interpreter would wait for the ledger's disk for ever, and abort where a
        # thread comes back to it from an engine.
        logging.shutdown()
        os._exit(status)
