"""The client and the publisher against a real Mosquitto, watched by an outside subscriber."""

import json
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import paho.mqtt.client as paho
import pytest

from edgevision.config.station import MqttSettings, TlsSettings
from edgevision.errors import ConfigError
from edgevision.messages import MachineState, Topics, schemas, state_message
from edgevision.mqtt.client import PahoBroker
from edgevision.mqtt.failure import FailureKind
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from edgevision.ports import Delivery, Message
from tests.certificates import Authority
from tests.inspections import inspected, ng_inspection, ok_inspection
from tests.mosquitto import Mosquitto, Subscriber, free_port, needs_mosquitto, running_mosquitto

pytestmark = [pytest.mark.broker, needs_mosquitto]

TOPICS = Topics("edgevision", "line1")
SCHEMAS = schemas()
RESULT = TOPICS.result("cam1")


def settings_for(port: int, **changes: Any) -> MqttSettings:
    return MqttSettings(
        host="127.0.0.1",
        port=port,
        reconnect_min_s=0.1,
        reconnect_max_s=0.2,
        connect_timeout_s=2.0,
        **changes,
    )


@contextmanager
def connecting(settings: MqttSettings) -> Iterator[tuple[PahoBroker, threading.Event]]:
    """Run a client; the event tells that it is connected."""
    client, connected = PahoBroker(settings, TOPICS), threading.Event()
    client.on_connected(connected.set)
    client.start()
    try:
        yield client, connected
    finally:
        client.stop(5.0)


@contextmanager
def station(settings: MqttSettings) -> Iterator[tuple[PahoBroker, ResultSink, Publisher]]:
    """Run a client with the publisher and the sink in front of it."""
    client, outbox = PahoBroker(settings, TOPICS), MemoryOutbox(10_000)
    publisher = Publisher(client, outbox, TOPICS)
    publisher.start()
    client.start()
    try:
        yield client, ResultSink(outbox, publisher, TOPICS), publisher
    finally:
        publisher.stop(2.0)
        client.stop(5.0)


def until(condition: Callable[[], object], what: str, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.01)


def failure_of(settings: MqttSettings) -> tuple[FailureKind, str]:
    """Return why a client does not get a connection."""
    with connecting(settings) as (client, connected):
        until(lambda: client.last_failure, "the client says why it failed")
        assert not connected.is_set()
        assert client.last_failure is not None
        return client.last_failure.kind, client.last_error


def ids_in(payloads: list[bytes]) -> list[str]:
    return [json.loads(payload)["result_id"] for payload in payloads]


def result_ids(payloads: list[bytes]) -> list[str]:
    """Return the ids of results that were checked against the schema."""
    validator = jsonschema.Draft202012Validator(SCHEMAS["result"])
    for payload in payloads:
        validator.validate(json.loads(payload))
    return ids_in(payloads)


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with running_mosquitto() as mosquitto:
        yield mosquitto


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def tls_config(authority: Authority, name: str = "server", **changes: Any) -> str:
    certificate, key = authority.issue(name, **changes)
    return f"cafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}"


def test_mosquitto_sub_receives_results_and_status(broker: Mosquitto) -> None:
    tool = shutil.which("mosquitto_sub")
    if tool is None:
        pytest.skip("mosquitto_sub is not installed (Debian, Ubuntu: apt-get install mosquitto-clients)")
    command = [
        tool,
        "-p",
        str(broker.port),
        "-t",
        "edgevision/line1/#",
        "-q",
        "1",
        "-F",
        "%t %r %p",
        "-C",
        "4",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as subscriber:
        until(lambda: "edgevision/line1/# (QoS 1)" in broker.log, "mosquitto_sub has subscribed")
        with station(settings_for(broker.port)) as (_, sink, _publisher):
            sink.commit([inspected(ok_inspection()), inspected(ng_inspection(result_id="0191-ng"))])
            output, _ = subscriber.communicate(timeout=10)
    lines = [line.split(" ", 2) for line in output.splitlines()]
    assert lines[0] == [TOPICS.status, "0", "online"]
    results = [payload.encode() for topic, _, payload in lines if topic == RESULT]
    assert result_ids(results) == ["0190-ok", "0191-ng"]


def test_the_status_is_retained_online_and_stopped_after_a_planned_end(broker: Mosquitto) -> None:
    with connecting(settings_for(broker.port)) as (client, connected):
        assert connected.wait(30)
        assert client.protocol == "5"
        with Subscriber(broker.port, TOPICS.status) as late:
            assert late.wait_for(TOPICS.status) == [b"online"]
    with Subscriber(broker.port, TOPICS.status) as late:
        assert late.wait_for(TOPICS.status) == [b"stopped"]
        assert late.messages[0].retain


def _run_station(port: int) -> None:
    with connecting(settings_for(port)):
        time.sleep(60)


def test_a_killed_station_is_offline_by_its_last_will(broker: Mosquitto) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_run_station, args=(broker.port,))
    with Subscriber(broker.port, TOPICS.status) as subscriber:
        seen = len(subscriber.payloads(TOPICS.status))
        process.start()
        until(lambda: b"online" in subscriber.payloads(TOPICS.status)[seen:], "the station is online")
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        until(lambda: subscriber.payloads(TOPICS.status)[-1] == b"offline", "the last will")


def test_a_station_that_is_back_at_once_was_never_offline(broker: Mosquitto) -> None:
    with (
        Subscriber(broker.port, TOPICS.status) as subscriber,
        connecting(settings_for(broker.port)) as (
            client,
            connected,
        ),
    ):
        assert connected.wait(30)
        seen = len(subscriber.payloads(TOPICS.status))
        connected.clear()
        session = client._session
        assert session is not None
        sock = session._client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        assert connected.wait(30)
        subscriber.wait_for(TOPICS.status, seen + 1)
        with Subscriber(broker.port, TOPICS.status) as late:
            assert late.wait_for(TOPICS.status) == [b"online"]
        assert b"offline" not in subscriber.payloads(TOPICS.status)[seen:]


def test_no_result_is_lost_when_the_broker_stops_and_starts_again_in_mid_stream() -> None:
    ids = [f"r{number:03}" for number in range(300)]
    with (
        running_mosquitto(persistent=True) as mosquitto,
        Subscriber(mosquitto.port, RESULT, client_id="historian") as historian,
        station(settings_for(mosquitto.port)) as (client, sink, publisher),
    ):
        for result_id in ids[:150]:
            sink.commit([inspected(ok_inspection(result_id=result_id))])
        historian.wait_for(RESULT, 20)
        mosquitto.stop()
        for result_id in ids[150:]:
            sink.commit([inspected(ng_inspection(result_id=result_id))])
        until(lambda: not client.is_connected, "the client notices")
        mosquitto.start()
        until(lambda: publisher.figures.depth == 0, "every result is acknowledged")
        until(lambda: set(ids_in(historian.payloads(RESULT))) == set(ids), "every result has arrived")
        first_arrivals = list(dict.fromkeys(result_ids(historian.payloads(RESULT))))
        assert first_arrivals == ids
        assert publisher.figures.delivered == len(ids)


def test_a_broker_that_is_down_at_start_is_found_when_it_comes_up() -> None:
    port = free_port()
    with station(settings_for(port)) as (client, sink, publisher):
        sink.commit([inspected(ok_inspection())])
        publisher.state(state_message(MachineState.READY, station="line1", since_ns=0))
        until(lambda: client.last_failure, "the first attempt failed")
        assert client.last_failure is not None
        assert client.last_failure.kind is FailureKind.REFUSED
        with running_mosquitto(port=port):
            until(lambda: client.is_connected, "connected")
            until(lambda: publisher.figures.depth == 0, "the result is acknowledged")
            with Subscriber(port, "#") as late:
                said = json.loads(late.wait_for(TOPICS.state)[0])
                jsonschema.validate(said, SCHEMAS["state"])
                assert result_ids(late.wait_for(TOPICS.last("cam1"))) == ["0190-ok"]


def test_the_brokers_limits_are_read_and_a_stream_stays_within_them() -> None:
    extra = "max_inflight_messages 2\nmax_packet_size 4000\nmax_keepalive 17"
    with (
        running_mosquitto(extra) as mosquitto,
        connecting(settings_for(mosquitto.port)) as (client, connected),
    ):
        assert connected.wait(30)
        assert client.receive_maximum == 2
        assert client.limits.maximum_packet_size == 4000
        assert client.limits.server_keepalive_s == 17
        done: list[Delivery] = []
        sent, disconnects = 0, mosquitto.log.count("disconnected")
        while sent < 200:
            sent += client.publish(Message(RESULT, b"{}", qos=1), done.append)
        until(lambda: len(done) == 200, "all acknowledged")
        assert all(delivery.ok for delivery in done)
        assert mosquitto.log.count("disconnected") == disconnects


def test_a_message_above_the_maximum_packet_size_fails_and_the_connection_stays() -> None:
    with (
        running_mosquitto("max_packet_size 2000") as mosquitto,
        connecting(settings_for(mosquitto.port)) as (
            client,
            connected,
        ),
    ):
        assert connected.wait(30)
        done: list[Delivery] = []
        assert client.publish(Message(RESULT, b"x" * 3000, qos=1), done.append)
        until(lambda: done, "an answer")
        assert done[0].refused
        assert "at most 2000" in done[0].reason
        assert client.is_connected


@pytest.mark.parametrize("extra", ["max_qos 0", "retain_available false"])
def test_a_broker_without_qos_1_or_retention_is_served_with_what_it_has(extra: str) -> None:
    with (
        running_mosquitto(extra) as mosquitto,
        connecting(settings_for(mosquitto.port)) as (client, connected),
    ):
        assert connected.wait(30), client.last_error
        done: list[Delivery] = []
        assert client.publish(Message(RESULT, b"{}", qos=1, retain=True), done.append)
        until(lambda: done, "sent")
        assert done[0].ok
        assert client.is_connected


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


def test_a_faulty_callback_is_counted_and_the_connection_lives_on(broker: Mosquitto) -> None:
    def faulty(_delivery: Delivery) -> None:
        raise RuntimeError("a fault of the caller")

    with connecting(settings_for(broker.port)) as (client, connected):
        assert connected.wait(30)
        assert client.publish(Message(RESULT, b"{}", qos=1), faulty)
        until(lambda: client.callback_faults == 1, "counted")
        done: list[Delivery] = []
        assert client.publish(Message(RESULT, b"{}", qos=1), done.append)
        until(lambda: done, "acknowledged")


def test_a_client_that_dies_inside_paho_is_replaced(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connecting(settings_for(broker.port)) as (client, connected):
        assert connected.wait(30)
        connected.clear()

        def die(_client: paho.Client) -> None:
            monkeypatch.undo()
            raise RuntimeError("a fault inside paho")

        monkeypatch.setattr(paho.Client, "loop_misc", die)
        done: list[Delivery] = []
        assert client.publish(Message(RESULT, b"{}", qos=1), done.append)
        assert connected.wait(30)
        assert len(done) == 1
        assert client.publish(Message(RESULT, b"{}", qos=1), done.append)
        until(lambda: len(done) == 2, "acknowledged on the new connection")
        assert done[1].ok
