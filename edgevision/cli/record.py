"""`edgevision record`: what the cameras of a station show, into sessions that can be replayed."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["record"]


def record(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="STATION.yaml", help="Whose cameras.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Gets a folder for each camera.")],
    frames: Annotated[int | None, typer.Option(min=1, help="At most this many of each camera.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="At most this long.")] = None,
) -> None:
    """Record cameras losslessly, without inspecting, until a limit, Ctrl-C or the end of a recording.

    The bounds max_gb (for each camera) and min_free_gb of the station's section record hold, or their
    defaults. Replay the sessions by edgevision replay … DIR.
    """
    from edgevision.config.document import load_station
    from edgevision.config.record import RecordSettings
    from edgevision.host.logs import set_up_logs
    from edgevision.host.signals import stop_on_signals
    from edgevision.record import Limits
    from edgevision.record import record as record_cameras

    station = load_station(config)
    set_up_logs(station.log_level)
    bounds = station.record or RecordSettings(folder=out)
    limits = Limits(frames, seconds, round(bounds.max_gb * 1e9), round(bounds.min_free_gb * 1e9))
    for one in record_cameras(station, out, limits, stop_on_signals()):
        full = ", stopped for want of room" if one.is_full else ""
        print(
            f"{one.folder}: {one.frames} frames, {one.skipped} skipped, {one.size_bytes / 1e6:.1f} MB{full}"
        )
