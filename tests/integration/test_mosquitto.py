"""The client and the publisher against a real Mosquitto, watched by an outside subscriber."""

import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import time

import jsonschema
import paho.mqtt.client as paho
import pytest

from edgevision.messages import MachineState, state_message
from edgevision.mqtt.failure import FailureKind
from edgevision.ports import Delivery, Message
from tests.clients import (
    RESULT,
    SCHEMAS,
    TOPICS,
    connecting,
    ids_in,
    result_ids,
    settings_for,
    station,
    until,
)
from tests.inspections import inspected, ng_inspection, ok_inspection
from tests.mosquitto import Mosquitto, Subscriber, free_port, needs_mosquitto, running_mosquitto

pytestmark = [pytest.mark.broker, needs_mosquitto]


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


def test_a_faulty_callback_is_logged_and_the_connection_lives_on(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(_delivery: Delivery) -> None:
        raise RuntimeError("a fault of the caller")

    with connecting(settings_for(broker.port)) as (client, connected):
        assert connected.wait(30)
        assert client.publish(Message(RESULT, b"{}", qos=1), faulty)
        until(lambda: "a fault of the caller" in caplog.text, "logged")
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
