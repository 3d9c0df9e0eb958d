"""`edgevision tune`: measures engines, streams and threads for a bundle, and remembers the fastest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

if TYPE_CHECKING:
    from edgevision.bench.plan import Plan
    from edgevision.engines.choose import Choice

__all__ = ["tune"]


def tune(
    bundle: Annotated[
        str | None, typer.Argument(metavar="BUNDLE", help="A bundle (.zip), or builtin:NAME.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="STATION.yaml", help="Tune this station instead."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Measure each mode for so long.")] = 10.0,
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> None:
    """Show how fast each engine runs a bundle here, and why which is taken from now on.

    Once with a single call at a time, which is how one live camera runs, and once with a call for each
    core and one more, as replay and as many cameras. With -c all models of the station's recipe are
    measured, by its own settings of the engine and with as many calls as it has cameras, and kept where it
    reads the choice; for a service below /etc/edgevision that needs root. What is found is taken until the
    bundle, an engine or the processor changes. Run it while the machine does nothing else.
    """
    from edgevision.engines.choose import tune_engine
    from edgevision.host.logs import set_up_logs

    set_up_logs("error")
    plan = _plan(bundle, config, engine, precision)
    choices = []
    for one in plan.bundles:
        for calls, title in plan.modes.items():
            choice = tune_engine(one, plan.settings, calls, seconds, plan.cache_dir)
            _show(title if len(plan.bundles) == 1 else f"{title}, {one.manifest.name}", choice)
            choices.append(choice)
    _conclude(plan, choices)


def _plan(bundle: str | None, config: Path | None, engine: EngineName, precision: Precision) -> "Plan":
    from edgevision.bench.plan import plan_for_station, plan_for_user
    from edgevision.config.station import EngineSettings
    from edgevision.errors import UsageError

    if config is None:
        if bundle is None:
            raise UsageError("tune: expected a bundle, such as builtin:surface-crack, or -c STATION.yaml")
        return plan_for_user(bundle, EngineSettings(name=engine, precision=precision))
    if bundle is not None or (engine, precision) != ("auto", "auto"):
        raise UsageError(
            "tune: with -c the station's files say which bundles and engines; "
            "leave out BUNDLE, --engine and --precision"
        )
    return plan_for_station(config)


def _show(title: str, choice: "Choice") -> None:
    from edgevision.bench.tuning import reason, tuning_table
    from edgevision.cli.tables import print_tables

    print_tables([tuning_table(title, choice)])
    print(f"{reason(choice)}\n")


def _conclude(plan: "Plan", choices: "Sequence[Choice]") -> None:
    """Say what was kept and for whom; raises why something was not."""
    kept = [choice.kept_in for choice in choices if choice.kept_in is not None]
    if kept:
        some = "" if len(kept) == len(choices) else f" {len(kept)} of {len(choices)}"
        print(f"Remembered{some} in {kept[0]} for {plan.readers}.")
    for choice in choices:
        if choice.unkept is not None:
            raise choice.unkept
