"""Whether the broker's certificate is trusted here, and ours there."""

import datetime as dt
import socket
import ssl
from collections.abc import Generator

from edgevision.doctor.findings import Finding, failed, fine, warned

__all__ = ["check_tls"]

NAME = "broker.tls"

_ALERT_WAIT_S = 1.0
"""With TLS 1.3 a broker refuses our certificate only after its own handshake is over."""
_EXPIRES_SOON = dt.timedelta(days=14)
_VERIFY: dict[int, tuple[str, str]] = {
    7: ("is not signed by the authority given here", "set mqtt.tls.ca_file to the authority of today"),
    9: ("is not valid yet", "check this machine's clock"),
    10: ("has expired", "renew it at the broker; if it is new, check this machine's clock"),
    18: ("is signed by itself", "set mqtt.tls.ca_file to that certificate or to the authority's"),
    19: ("comes from an authority unknown here", "set mqtt.tls.ca_file to that authority's certificate"),
    20: ("comes from an authority unknown here", "set mqtt.tls.ca_file to that authority's certificate"),
    21: ("comes from an authority unknown here", "set mqtt.tls.ca_file to that authority's certificate"),
    23: ("was revoked", "renew it at the broker"),
    62: ("is for another host name", "write mqtt.host as the certificate says, or issue it for this name"),
    64: ("is for another address", "write mqtt.host as the certificate says, or issue it for this address"),
}
"""X509_V_ERR_… of OpenSSL: what is wrong with the certificate, and what to do."""


def check_tls(
    connection: socket.socket, context: ssl.SSLContext, host: str
) -> Generator[Finding, None, bool]:
    """Shake hands on a connected socket, which is closed afterwards; return whether MQTT can begin."""
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            expires = _expiry(secured)
            version = secured.version()
            refusal = _refusal(secured)
    except OSError as error:
        yield _handshake_failure(error)
        return False
    if refusal is not None:
        yield refusal
        return False
    if expires - dt.datetime.now(dt.UTC) < _EXPIRES_SOON:
        yield warned(NAME, f"the broker's certificate expires on {expires:%Y-%m-%d}", "renew it in time")
    else:
        yield fine(NAME, f"{version}, the broker's certificate is trusted until {expires:%Y-%m-%d}")
    return True


def _expiry(secured: ssl.SSLSocket) -> dt.datetime:
    certificate = secured.getpeercert() or {}
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), dt.UTC)


def _refusal(secured: ssl.SSLSocket) -> Finding | None:
    """Return what the broker says right after the handshake, if it says no; a content one is silent."""
    secured.settimeout(_ALERT_WAIT_S)
    try:
        is_open = secured.recv(1) != b""
    except TimeoutError:
        return None
    except OSError as error:
        return _client_refused(error)
    return None if is_open else _client_refused(None)


def _client_refused(error: OSError | None) -> Finding:
    said = _reason(error) if error is not None else "closed the connection"
    return failed(
        NAME,
        f"the broker does not take this station's certificate ({said})",
        "give mqtt.tls.cert_file and key_file of an authority that the broker trusts, not expired",
    )


def _handshake_failure(error: OSError) -> Finding:
    if isinstance(error, ssl.SSLCertVerificationError):
        what, remedy = _VERIFY.get(
            error.verify_code, (f"is refused here: {error.verify_message}", "check mqtt.tls.ca_file")
        )
        return failed(NAME, f"the broker's certificate {what} ({error.verify_message})", remedy)
    if isinstance(error, TimeoutError):
        remedy = "check that mqtt.port is the broker's TLS port, and firewalls that look into TLS"
        return failed(NAME, "the port answers but does not shake hands", remedy)
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return _client_refused(error)
    remedy = "check that mqtt.port is the broker's TLS port"
    return failed(NAME, f"no handshake ({_reason(error)})", remedy)


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error)
