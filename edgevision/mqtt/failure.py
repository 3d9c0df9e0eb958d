"""Why a connection could not be made or was lost: kinds told apart, sentences for people, no secrets."""

import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum

from paho.mqtt.reasoncodes import ReasonCode

__all__ = ["Failure", "FailureKind", "connack_failure", "network_failure"]

_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""


class FailureKind(StrEnum):
    """What went wrong."""

    DNS = "dns"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    NETWORK = "network"
    TLS_EXPIRED = "tls_expired"
    TLS_VERIFY = "tls_verify"
    TLS = "tls"
    SETTINGS = "settings"
    PROTOCOL_VERSION = "protocol_version"
    CREDENTIALS = "credentials"
    CLIENT_ID = "client_id"
    WILL_RETAIN = "will_retain"
    WILL_QOS = "will_qos"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    LOST = "lost"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure; `text` names no secret."""

    kind: FailureKind
    text: str


_CONNACK: dict[int, tuple[FailureKind, str]] = {
    0x84: (FailureKind.PROTOCOL_VERSION, "does not speak this MQTT version"),
    0x85: (FailureKind.CLIENT_ID, "does not take the client id; set mqtt.client_id"),
    0x86: (FailureKind.CREDENTIALS, "does not know this user or password; check username and password"),
    0x87: (
        FailureKind.CREDENTIALS,
        "does not authorise this station; check username, password and client certificate",
    ),
    0x9A: (FailureKind.WILL_RETAIN, "does not keep retained messages; the status will not be retained"),
    0x9B: (FailureKind.WILL_QOS, "does not take QoS 1 for the last will; QoS 0 is used"),
}


def connack_failure(reason: ReasonCode, where: str) -> Failure:
    """Return what a refusing CONNACK says. `where` is host:port."""
    kind, text = _CONNACK.get(reason.value, (FailureKind.REJECTED, "refused the connection"))
    return Failure(kind, f"{where} {text} ({reason.getName()})")


def network_failure(error: OSError, where: str) -> Failure:
    """Return what an error of the socket, the resolver or TLS means. `where` is host:port."""
    kind, text = _network_kind(error)
    return Failure(kind, f"{where}: {text}")


def _network_kind(error: OSError) -> tuple[FailureKind, str]:
    if isinstance(error, ssl.SSLError):
        return _tls_kind(error)
    if isinstance(error, socket.gaierror):
        return FailureKind.DNS, f"the name cannot be resolved ({error.strerror}); check mqtt.host and the DNS"
    if isinstance(error, ConnectionRefusedError):
        return FailureKind.REFUSED, "nobody listens there; check the port and whether the broker runs"
    if isinstance(error, TimeoutError):
        return FailureKind.TIMEOUT, "no answer in time; check the address and the firewall"
    if isinstance(error, ConnectionError):
        return FailureKind.NO_ANSWER, f"closed the connection while connecting ({error.strerror or error})"
    return FailureKind.NETWORK, str(error.strerror or error)


def _tls_kind(error: ssl.SSLError) -> tuple[FailureKind, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message
        if error.verify_code == _EXPIRED:
            return FailureKind.TLS_EXPIRED, f"the broker's certificate has expired ({said}); renew it"
        return (
            FailureKind.TLS_VERIFY,
            f"the broker's certificate is not trusted ({said}); check tls.ca_file and host",
        )
    return (
        FailureKind.TLS,
        f"TLS failed ({error.reason or error}); check that this is a TLS port and the certificates",
    )
