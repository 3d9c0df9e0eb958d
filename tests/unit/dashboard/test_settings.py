from pathlib import Path
from typing import Any

import pytest

from edgevision.config.station import MqttSettings
from edgevision.dashboard.settings import DashboardSettings, broker_settings
from edgevision.errors import UsageError

BROKER = MqttSettings(host="127.0.0.1")
USERS = Path("users")


def made(**fields: Any) -> DashboardSettings:
    return DashboardSettings(broker=BROKER, history=Path("history"), **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"host": "::1"},
        {"host": "localhost"},
        {"host": "0.0.0.0", "password_file": USERS},
        {"host": "0.0.0.0", "is_open": True},
        {"has_commands": True, "password_file": USERS},
        {"has_commands": True, "auth_header": "X-Forwarded-User"},
        {"topic_root": "plant/hall3"},
    ],
)
def test_what_lets_no_stranger_in_is_taken(fields: dict[str, Any]) -> None:
    settings = made(**fields)

    assert {name: getattr(settings, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"host": "0.0.0.0"}, "nobody has to sign in"),
        ({"host": "station.example"}, "nobody has to sign in"),
        ({"has_commands": True}, "expected to know who commands"),
        ({"has_commands": True, "is_open": True}, "expected to know who commands"),
        ({"password_file": USERS, "auth_header": "X-User"}, "leave the other out"),
        ({"auth_header": "X User"}, "expected a name such as"),
        ({"topic_root": "a/#"}, "expected topic levels"),
    ],
)
def test_what_could_let_strangers_in_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(**fields)


@pytest.mark.parametrize(
    ("url", "host", "port", "username", "is_tls"),
    [
        ("mqtt://10.0.0.7", "10.0.0.7", None, None, False),
        ("mqtt://broker.example:1884/", "broker.example", 1884, None, False),
        ("mqtts://ann@broker.example", "broker.example", None, "ann", True),
        ("mqtt://[::1]:1883", "::1", 1883, None, False),
    ],
)
def test_a_brokers_url_is_understood(
    url: str, host: str, port: int | None, username: str | None, is_tls: bool
) -> None:
    broker = broker_settings(url)

    assert (broker.host, broker.port, broker.username) == (host, port, username)
    assert (broker.tls is not None) == is_tls


@pytest.mark.parametrize(
    "url", ["", "10.0.0.7:1883", "http://x", "mqtt://", "mqtt://h:0x", "mqtt://h:99999", "mqtt://h/topic"]
)
def test_what_is_no_brokers_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="expected mqtt://HOST:PORT"):
        broker_settings(url)


def test_a_password_on_the_command_line_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="--broker-password-file") as refused:
        broker_settings("mqtt://ann:secret@host")

    assert "secret" not in str(refused.value)
