"""What a dashboard is told when it starts, and which combinations are refused. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edgevision.config.station import MqttSettings, TlsSettings
from edgevision.errors import UsageError

__all__ = ["DEFAULT_PORT", "DashboardSettings", "broker_settings", "is_loopback"]

DEFAULT_PORT = 8090

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_ROOT = re.compile(r"[^/+#$\s]+(/[^/+#$\s]+)*")


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """Raises UsageError for what would let strangers in."""

    broker: MqttSettings
    history: Path
    """File of the rolling history."""
    topic_root: str = "edgevision"
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = DEFAULT_PORT
    """0 takes a free one."""
    hours: float = 8.0
    """What counters, trends and maps look back on: a shift."""
    keep_days: float = 7.0
    history_mb: int = 500
    password_file: Path | None = None
    auth_header: str | None = None
    """A reverse proxy on this machine names the user in it."""
    has_commands: bool = False
    is_open: bool = False
    """Anybody who reaches it may look, also from other machines."""

    def __post_init__(self) -> None:
        if self.password_file is not None and self.auth_header is not None:
            raise UsageError("expected one of --password-file and --auth-header; leave the other out")
        if self.auth_header is not None and not _HEADER.fullmatch(self.auth_header):
            raise UsageError(f"--auth-header {self.auth_header!r}: expected a name such as X-Forwarded-User")
        if not _ROOT.fullmatch(self.topic_root):
            raise UsageError(
                f"--root {self.topic_root!r}: expected topic levels such as edgevision or plant/a"
            )
        if self.has_commands and not self.has_login:
            raise UsageError(
                "--commands: expected to know who commands; give --password-file FILE,"
                " or --auth-header NAME behind a reverse proxy"
            )
        if not (is_loopback(self.host) or self.has_login or self.is_open):
            raise UsageError(
                f"--bind {self.host}: other machines could reach it and nobody has to sign in;"
                " give --password-file FILE, or --open if everybody there may look"
            )

    @property
    def has_login(self) -> bool:
        """Whether visitors must be known."""
        return self.password_file is not None or self.auth_header is not None


def broker_settings(
    url: str, *, password_file: Path | None = None, ca_file: Path | None = None, client_id: str | None = None
) -> MqttSettings:
    """Return the broker of `mqtt://[USER@]HOST[:PORT]` or `mqtts://…`, which is TLS; raises UsageError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or parts.scheme not in {"mqtt", "mqtts"} or parts.path.strip("/") or parts.query:
        raise UsageError(
            f"--broker {url}: expected mqtt://HOST:PORT or mqtts://HOST:PORT, for example"
            " mqtt://192.168.1.10:1883"
        )
    if parts.password is not None:
        raise UsageError(
            "--broker: a password on the command line can be read by everybody on this machine;"
            " write it to a file and give --broker-password-file"
        )
    return MqttSettings(
        host=host,
        port=port,
        client_id=client_id,
        username=parts.username,
        password_file=password_file,
        tls=TlsSettings(ca_file=ca_file) if parts.scheme == "mqtts" else None,
        reconnect_max_s=5.0,
    )


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
