"""`edgevision demo`: verdicts within seconds, on the sample line or on any source."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    recipe: Annotated[Path, typer.Option(metavar="FILE", help="What to inspect and how to judge.")],
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames.")] = None,
    video: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A video or a folder of images instead.")
    ] = None,
    camera: Annotated[int | None, typer.Option(min=0, help="A camera by its number instead.")] = None,
    url: Annotated[str | None, typer.Option(help="A stream instead: rtsp:// or http://.")] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A real broker instead of the embedded one.")
    ] = None,
) -> None:
    """Run a station on the built-in sample line and print its verdicts as they are published."""
    from edgevision.config.document import load_recipe
    from edgevision.config.passwords import holds_password
    from edgevision.demo import broker_address, run_demo
    from edgevision.errors import UsageError
    from edgevision.host.logs import set_up_logs
    from edgevision.host.signals import stop_on_signals

    given = [str(source) for source in (video, camera, url) if source is not None]
    if len(given) > 1:
        raise UsageError("expected at most one of --video, --camera and --url; leave the others out")
    if url is not None and holds_password(url):
        raise UsageError(
            "--url: expected no password, which everybody on this machine could read; give the user alone, "
            "or write a station file with url_password_file and start edgevision run"
        )
    set_up_logs("warning")
    settings = broker_address(broker) if broker is not None else None
    run_demo(load_recipe(recipe), given[0] if given else "sample:1", settings, frames, stop_on_signals())
