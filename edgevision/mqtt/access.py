"""What a station shows to the broker and asks of it: password and TLS, read from files.

Files are read at every connection, so that renewed certificates and passwords are taken up.
"""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.config.station import MqttSettings, TlsSettings
from edgevision.errors import ConfigError

__all__ = ["Access", "read_access"]


class _TlsSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials of one connection; the password never shows in a representation."""

    username: str | None
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None


def read_access(settings: MqttSettings) -> Access:
    """Return user, password and TLS context. Raises ConfigError for files that do not serve."""
    password = _read_password(settings)
    if password is not None and settings.username is None:
        raise ConfigError("mqtt: a password without a username; give mqtt.username")
    tls = _tls_context(settings.tls) if settings.tls is not None else None
    return Access(settings.username, password, tls)


def _read_password(settings: MqttSettings) -> str | None:
    path = _password_path(settings)
    if path is None:
        return None
    try:
        password = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"mqtt: the password file {path} cannot be read: {error}; check path and rights"
        ) from error
    if not password:
        raise ConfigError(f"mqtt: the password file {path} is empty; expected the password on its first line")
    return password


def _password_path(settings: MqttSettings) -> Path | None:
    if settings.password_credential is None:
        return settings.password_file
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise ConfigError(
            f"mqtt.password_credential {settings.password_credential}: there is no $CREDENTIALS_DIRECTORY;"
            " start under systemd with LoadCredential=, or use password_file"
        )
    return Path(folder) / settings.password_credential


def _tls_context(settings: TlsSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"mqtt.tls.ca_file {settings.ca_file}: not usable: {error}; expected PEM certificates"
        ) from error
    context.sslsocket_class = _TlsSocket
    if settings.cert_file is not None:
        _load_client_certificate(context, settings)
    return context


def _load_client_certificate(context: ssl.SSLContext, settings: TlsSettings) -> None:
    assert settings.cert_file is not None
    try:
        # An empty password makes an encrypted key an error instead of a question on the terminal.
        context.load_cert_chain(settings.cert_file, settings.key_file, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"mqtt.tls.cert_file {settings.cert_file} with key_file {settings.key_file}: not usable: {error};"
            " expected a PEM certificate and its key without a passphrase"
        ) from error
