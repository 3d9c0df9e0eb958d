"""`edgevision tune`: measures engines, streams and threads for a bundle, and remembers the fastest."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

__all__ = ["tune"]


def tune(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle (.zip), or builtin:NAME.")],
    seconds: Annotated[float, typer.Option(min=0.1, help="Measure each mode for so long.")] = 10.0,
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> None:
    """Show how fast each engine runs a bundle here, and why which is taken from now on.

    Once with a single call at a time, which is how one live camera runs, and once with a call for each
    core and one more, as replay and as many cameras. Stations and commands with the same settings of the
    engine take what is found here, until the bundle, an engine or the processor changes. Run it while the
    machine does nothing else.
    """
    from edgevision.bench.tuning import reason, tuning_table
    from edgevision.bundle.archive import open_bundle
    from edgevision.bundle.resolve import find_bundle
    from edgevision.cli.tables import print_tables
    from edgevision.config.station import EngineSettings
    from edgevision.engines.choices import default_cache_dir
    from edgevision.engines.choose import tune_engine
    from edgevision.engines.machine import parallel_calls
    from edgevision.host.logs import set_up_logs

    set_up_logs("error")
    opened = open_bundle(find_bundle(bundle, Path()))
    settings = EngineSettings(name=engine, precision=precision)
    many = parallel_calls()
    modes = {
        1: "One live camera: a call at a time",
        many: f"Replay and {many} or more cameras: {many} calls at a time",
    }
    for calls, title in modes.items():
        choice = tune_engine(opened, settings, calls, seconds)
        print_tables([tuning_table(title, choice)])
        print(f"{reason(choice)}\n")
    print(f"Remembered in {default_cache_dir()} for these engines and this processor.")
