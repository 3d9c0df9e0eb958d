"""`edgevision dashboard`: a web page about one station or a fleet; and who may sign in to it."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["dashboard", "dashboard_user"]


_Broker = Annotated[str, typer.Option(metavar="URL", help="mqtt://[USER@]HOST[:PORT], or mqtts:// for TLS.")]
_BrokerPassword = Annotated[Path | None, typer.Option(metavar="FILE", help="For USER.")]
_Authorities = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Whom the broker's certificate must be from.")
]
_Root = Annotated[str, typer.Option(help="topic_root of the stations.")]
_Bind = Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")]
_Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
_History = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Rolling history; in the user's state folder otherwise.")
]
_HistoryMb = Annotated[int, typer.Option(min=10, help="Its size at most.")]
_KeepDays = Annotated[float, typer.Option(min=0.1, help="How far it goes back.")]
_Hours = Annotated[float, typer.Option(min=0.1, max=168.0, help="What counters look back on.")]
_Users = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Visitors sign in; see edgevision dashboard-user.")
]
_Header = Annotated[
    str | None, typer.Option(metavar="NAME", help="A reverse proxy on this machine names the visitor.")
]
_Commands = Annotated[bool, typer.Option("--commands", help="Signed-in users may command stations.")]
_Open = Annotated[bool, typer.Option("--open", help="Listen for other machines without any login.")]


def dashboard(
    broker: _Broker,
    broker_password_file: _BrokerPassword = None,
    ca_file: _Authorities = None,
    root: _Root = "edgevision",
    bind: _Bind = "127.0.0.1",
    port: _Port = 8090,
    history: _History = None,
    history_mb: _HistoryMb = 500,
    keep_days: _KeepDays = 7.0,
    hours: _Hours = 8.0,
    password_file: _Users = None,
    auth_header: _Header = None,
    commands: _Commands = False,
    is_open: _Open = False,
) -> None:
    """Serve the dashboard until SIGTERM or SIGINT. It only reads, and only on this machine, unless told."""
    from edgevision.dashboard.extra import make_dashboard
    from edgevision.dashboard.settings import DashboardSettings, broker_settings
    from edgevision.host.logs import set_up_logs
    from edgevision.host.signals import stop_on_signals

    settings = DashboardSettings(
        broker=broker_settings(broker, password_file=broker_password_file, ca_file=ca_file),
        history=history or _state_folder() / "dashboard.sqlite",
        topic_root=root,
        host=bind,
        port=port,
        hours=hours,
        keep_days=keep_days,
        history_mb=history_mb,
        password_file=password_file,
        auth_header=auth_header,
        has_commands=commands,
        is_open=is_open,
    )
    set_up_logs("info")
    stop = stop_on_signals()
    with make_dashboard(settings) as running:
        print(f"dashboard  {running.address}", flush=True)
        stop.wait()


def dashboard_user(
    name: Annotated[str, typer.Argument(help="Letters, digits and . _ @ -.")],
    password_file: Annotated[Path, typer.Option(metavar="FILE", help="Made where it is missing.")],
) -> None:
    """Add a user of the dashboard, or change his password; it is asked for, or read from stdin."""
    from edgevision.dashboard.passwords import add_user

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    add_user(password_file, name, password)
    print(f"{password_file}: {name}")


def _state_folder() -> Path:
    """Return where this user's programs keep what they know (XDG base directories)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "edgevision"
