"""The command line as a whole: its commands, and how errors become messages and exit statuses."""

import os
import sys
import traceback

import typer

from edgevision.cli import (
    bench,
    bundle,
    check,
    compare,
    dashboard,
    demo,
    doctor,
    enrol,
    exits,
    explain,
    gallery,
    ledger,
    record,
    replay,
    run,
    schema,
    tune,
    version,
)
from edgevision.errors import EdgeVisionError

__all__ = ["app", "main"]

_STATUSES = "\n".join(f"{status:>3}  {meaning}" for status, meaning in exits.exit_statuses().items())

app = typer.Typer(
    name="edgevision",
    help="Inspects parts beside a production line and publishes a verdict for each over MQTT.",
    epilog=f"Exit statuses:\n{_STATUSES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("run")(run.run)
app.command("replay")(replay.replay)
app.command("record")(record.record)
app.command("compare")(compare.compare)
app.command("demo")(demo.demo)
app.command("dashboard")(dashboard.dashboard)
app.command("dashboard-user")(dashboard.dashboard_user)
app.command("bench")(bench.bench)
app.command("tune")(tune.tune)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("enrol")(enrol.enrol)
app.command("explain")(explain.explain)
app.command("schema")(schema.schema)
app.add_typer(bundle.app, name="bundle")
app.add_typer(gallery.app, name="gallery")
app.add_typer(ledger.app, name="ledger")
app.command("version")(version.version)


def main() -> None:
    """Run the command line and exit with a status of `exits.exit_statuses`."""
    try:
        try:
            app(prog_name="edgevision")
        finally:
            sys.stdout.flush()
    except EdgeVisionError as error:
        _say(f"edgevision: {error}")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(exits.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EdgeVisionError.exit_status)
    except Exception:  # noqa: BLE001  the last line of defence: every other failure has a class
        traceback.print_exc()
        _say("edgevision: this is a bug in edgevision; please report it with the lines above.")
        sys.exit(exits.BUG)


def _say(message: str) -> None:
    typer.secho(message, fg=typer.colors.RED, err=True)
