"""Who gets into a real Mosquitto with which credentials, and what the others are told."""

import json
import logging
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edgevision.config.station import TlsSettings
from edgevision.errors import ConfigError
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.failure import FailureKind
from edgevision.ports import Delivery, Message
from tests.certificates import Authority
from tests.clients import (
    RESULT,
    SCHEMAS,
    TOPICS,
    connecting,
    failure_of,
    settings_for,
    station,
    until,
)
from tests.inspections import inspected, ng_inspection
from tests.mosquitto import Mosquitto, Subscriber, free_port, needs_mosquitto, running_mosquitto

pytestmark = [pytest.mark.broker, needs_mosquitto]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def tls_config(authority: Authority, name: str = "server", **changes: Any) -> str:
    certificate, key = authority.issue(name, **changes)
    return f"cafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}"


def test_a_publish_that_the_acl_refuses_is_reported_and_not_lost(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text(f"topic readwrite {TOPICS.status}\ntopic readwrite {TOPICS.alarm}\n")
    acl.chmod(0o644)
    with (
        running_mosquitto(f"acl_file {acl}") as mosquitto,
        station(settings_for(mosquitto.port)) as (
            client,
            sink,
            publisher,
        ),
    ):
        with Subscriber(mosquitto.port, TOPICS.alarm) as subscriber:
            until(lambda: client.is_connected, "connected")
            sink.commit([inspected(ng_inspection())])
            alarm = json.loads(subscriber.wait_for(TOPICS.alarm)[0])
        jsonschema.validate(alarm, SCHEMAS["alarm"])
        assert alarm["code"] == "results_refused"
        assert "Not authorized" in alarm["text"]
        assert publisher.figures.depth == 1
        assert publisher.figures.refused == 1


def test_users_with_the_right_password_get_in_and_others_are_told_why(tmp_path: Path) -> None:
    users, right, wrong = tmp_path / "users", tmp_path / "right", tmp_path / "wrong"
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    subprocess.run([tool, "-b", "-c", str(users), "line1", "s3cret"], check=True, capture_output=True)
    users.chmod(0o644)
    right.write_text("s3cret\n")
    wrong.write_text("guess-me\n")
    with running_mosquitto(f"password_file {users}", anonymous=False) as mosquitto:
        with connecting(settings_for(mosquitto.port, username="line1", password_file=right)) as (
            _,
            connected,
        ):
            assert connected.wait(30)
        for protocol in ("5", "3.1.1"):
            settings = settings_for(mosquitto.port, username="line1", password_file=wrong, protocol=protocol)
            kind, text = failure_of(settings)
            assert kind is FailureKind.CREDENTIALS
            assert "guess-me" not in text


def test_no_password_gets_into_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret")
    with caplog.at_level(logging.DEBUG), running_mosquitto() as mosquitto:
        settings = settings_for(mosquitto.port, username="line1", password_file=password)
        with connecting(settings) as (_, connected):
            assert connected.wait(30)
    assert "connected to" in caplog.text
    assert "s3cret" not in caplog.text


def test_tls_with_a_client_certificate(authority: Authority) -> None:
    certificate, key = authority.issue("station")
    tls = TlsSettings(ca_file=authority.certificate, cert_file=certificate, key_file=key)
    with running_mosquitto(tls_config(authority) + "\nrequire_certificate true") as mosquitto:
        with connecting(settings_for(mosquitto.port, tls=tls)) as (client, connected):
            assert connected.wait(30), client.last_error
            done: list[Delivery] = []
            assert client.publish(Message(RESULT, b"{}" + b" " * 100_000, qos=1), done.append)
            until(lambda: done, "acknowledged")
            assert done[0].ok
        without = TlsSettings(ca_file=authority.certificate)
        kind, text = failure_of(settings_for(mosquitto.port, tls=without))
        assert kind is FailureKind.TLS, text


def test_an_expired_an_unknown_and_a_foreign_certificate_are_told_apart(
    authority: Authority, tmp_path: Path
) -> None:
    trusting = TlsSettings(ca_file=authority.certificate)
    with running_mosquitto(tls_config(authority, "expired", expired=True)) as mosquitto:
        assert failure_of(settings_for(mosquitto.port, tls=trusting))[0] is FailureKind.TLS_EXPIRED
    with running_mosquitto(tls_config(authority, "elsewhere", host="10.1.2.3")) as mosquitto:
        kind, text = failure_of(settings_for(mosquitto.port, tls=trusting))
        assert kind is FailureKind.TLS_VERIFY
        assert "IP address mismatch" in text
        stranger = TlsSettings(ca_file=Authority(tmp_path).certificate)
        assert failure_of(settings_for(mosquitto.port, tls=stranger))[0] is FailureKind.TLS_VERIFY
        kind, text = failure_of(settings_for(mosquitto.port))
        assert kind is FailureKind.NO_ANSWER, text


def test_tls_on_a_plain_port_is_told(broker: Mosquitto, authority: Authority) -> None:
    tls = TlsSettings(ca_file=authority.certificate)
    kind, _ = failure_of(settings_for(broker.port, tls=tls))
    assert kind in {FailureKind.TLS, FailureKind.NO_ANSWER}


def test_a_key_with_a_passphrase_is_refused_without_asking_for_it(authority: Authority) -> None:
    certificate, key = authority.issue("locked", passphrase="open sesame")
    tls = TlsSettings(ca_file=authority.certificate, cert_file=certificate, key_file=key)
    with pytest.raises(ConfigError, match="without a passphrase"):
        PahoBroker(settings_for(1, tls=tls), TOPICS)


def test_a_name_that_does_not_resolve_is_told_apart_from_a_broker_that_is_down() -> None:
    settings = settings_for(1883).model_copy(update={"host": "no-such-host.invalid"})
    assert failure_of(settings)[0] is FailureKind.DNS
    assert failure_of(settings_for(free_port()))[0] is FailureKind.REFUSED
