import json
import threading
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from edgevision.messages import (
    CameraFigures,
    HostFacts,
    MachineState,
    OutboxFigures,
    Severity,
    Topics,
    alarm_message,
    info_message,
    metrics_message,
    schemas,
    state_message,
)
from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.mqtt.sink import ResultSink
from edgevision.ports import Message
from tests.inspections import RECIPE, inspected, ng_inspection, ok_inspection

TOPICS = Topics("edgevision", "line1")
VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


class Station:
    """A publisher on a fake broker, with the sink in front of it."""

    def __init__(self, max_rows: int = 100) -> None:
        self.broker = FakeBroker()
        self.outbox = MemoryOutbox(max_rows)
        self.publisher = Publisher(self.broker, self.outbox, TOPICS)
        self.sink = ResultSink(self.outbox, self.publisher, TOPICS)

    def settle(self) -> None:
        """Wait until the publisher has nothing to do."""
        for _ in range(2):
            done = threading.Event()
            self.publisher._inbox.put(done.set)
            assert done.wait(10)

    def told(self, name: str, topic: str) -> list[dict[str, Any]]:
        """Return what was accepted on a topic, checked against the schema `name`."""
        said = [
            json.loads(message.payload) for message in list(self.broker.accepted) if message.topic == topic
        ]
        for message in said:
            VALIDATORS[name].validate(message)
        return said

    def wait_for(self, topic: str, count: int = 1) -> None:
        """Wait for `count` accepted messages on a topic."""

        def arrived(broker: FakeBroker) -> bool:
            return sum(message.topic == topic for message in broker.accepted) >= count

        assert self.broker.wait_until(arrived), f"too little on {topic}: {self.broker.accepted}"


@pytest.fixture
def station() -> Iterator[Station]:
    station = Station()
    station.publisher.start()
    yield station
    station.publisher.stop(0.0)


def state(name: MachineState) -> dict[str, Any]:
    return state_message(name, station="line1", since_ns=0, recipe=RECIPE)


def fallback(*, active: bool) -> dict[str, Any]:
    return alarm_message(
        "fallback", "CPU is in use.", station="line1", severity=Severity.WARNING, active=active, now_ns=0
    )


def test_a_committed_result_is_published_and_kept_as_the_last_one(station: Station) -> None:
    station.broker.connect()
    station.sink.commit([inspected(ok_inspection()), inspected(ng_inspection(result_id="0191-ng"))])
    station.wait_for(TOPICS.result("cam1"), 2)
    station.wait_for(TOPICS.last("cam1"))
    assert [said["judgement"] for said in station.told("result", TOPICS.result("cam1"))] == ["OK", "NG"]
    assert [said["result_id"] for said in station.told("result", TOPICS.last("cam1"))] == ["0191-ng"]
    assert all(not message.retain for message in station.broker.accepted if message.topic.endswith("/result"))


def test_results_of_an_outage_arrive_afterwards_and_last_is_the_newest(station: Station) -> None:
    for number in range(30):
        station.sink.commit([inspected(ok_inspection(result_id=f"r{number}"))])
    station.broker.connect()
    station.wait_for(TOPICS.result("cam1"), 30)
    said = station.told("result", TOPICS.result("cam1"))
    assert [message["result_id"] for message in said] == [f"r{number}" for number in range(30)]
    assert json.loads(station.broker.retained[TOPICS.last("cam1")])["result_id"] == "r29"


def test_everything_retained_is_sent_again_at_every_connection(station: Station) -> None:
    station.publisher.state(state(MachineState.READY))
    station.settle()
    station.broker.connect()
    station.wait_for(TOPICS.state)
    station.broker.lose()
    station.publisher.state(state(MachineState.CONTINUOUS_EXECUTION))
    station.settle()
    station.broker.connect()
    station.wait_for(TOPICS.state, 2)
    station.broker.lose()
    station.settle()
    station.broker.connect()
    station.wait_for(TOPICS.state, 3)
    assert [said["state"] for said in station.told("state", TOPICS.state)] == [
        "Ready",
        "ContinuousExecution",
        "ContinuousExecution",
    ]


def test_info_says_what_the_present_connection_speaks(station: Station) -> None:
    host = HostFacts(hostname="h", os="o", machine="m", cpu="c", cpu_count=1, python="3")
    station.publisher.info(
        info_message(
            station="line1",
            version="1",
            recipe=RECIPE,
            cameras=["cam1"],
            models=[],
            engines={},
            host=host,
            started_ns=0,
        )
    )
    station.broker.connect()
    station.wait_for(TOPICS.info)
    assert station.told("info", TOPICS.info)[-1]["mqtt_protocol"] == "5"


def test_an_active_alarm_is_told_to_every_new_connection_until_it_is_over(station: Station) -> None:
    station.publisher.alarm(fallback(active=True))
    station.settle()
    station.broker.connect()
    station.wait_for(TOPICS.alarm)
    station.broker.lose()
    station.settle()
    station.broker.connect()
    station.wait_for(TOPICS.alarm, 2)
    station.publisher.alarm(fallback(active=False))
    station.wait_for(TOPICS.alarm, 3)
    station.settle()
    station.broker.lose()
    station.broker.connect()
    station.publisher.state(state(MachineState.READY))
    station.wait_for(TOPICS.state)
    assert [said["active"] for said in station.told("alarm", TOPICS.alarm)] == [True, True, False]


def test_metrics_are_sent_while_connected_and_not_kept_for_later(station: Station) -> None:
    figures = CameraFigures(frames=1, ok=1, ng=0, nd=0, skipped=0, reopened=0, reads_failed=0, rate_hz=1.0)
    message = metrics_message("cam1", figures, OutboxFigures(), station="line1", now_ns=0)
    station.publisher.metrics("cam1", message)
    station.settle()
    station.broker.connect()
    station.publisher.metrics("cam1", message)
    station.wait_for(TOPICS.metrics("cam1"))
    assert len(station.told("metrics", TOPICS.metrics("cam1"))) == 1
    assert station.broker.accepted[-1].expiry_s == 60


def test_lost_results_raise_an_alarm_that_ends_when_the_outbox_is_empty() -> None:
    station = Station(max_rows=3)
    for _ in range(5):
        station.sink.commit([inspected(ok_inspection())])
    station.publisher.start()
    station.broker.connect()
    station.wait_for(TOPICS.alarm, 2)
    station.publisher.stop(5.0)
    said = station.told("alarm", TOPICS.alarm)
    assert [(message["code"], message["active"]) for message in said] == [
        ("results_dropped", True),
        ("results_dropped", False),
    ]
    assert station.publisher.figures.dropped == 2


def test_refused_results_raise_an_alarm_with_the_brokers_reason(station: Station) -> None:
    station.broker.refuse(TOPICS.result("cam1"), "Quota exceeded")
    station.broker.connect()
    station.sink.commit([inspected(ng_inspection())])
    station.wait_for(TOPICS.alarm)
    said = station.told("alarm", TOPICS.alarm)[0]
    assert (said["code"], said["active"]) == ("results_refused", True)
    assert "Quota exceeded" in said["text"]
    assert station.outbox.depth == 1


def test_stop_waits_until_everything_is_acknowledged(station: Station) -> None:
    station.broker.hold()
    station.broker.connect()
    for _ in range(5):
        station.sink.commit([inspected(ok_inspection())])
    assert station.broker.wait_until(lambda broker: len(broker.messages) >= 5)
    stopper = threading.Thread(target=station.publisher.stop, args=(10.0,))
    stopper.start()
    station.broker.release()
    stopper.join(10.0)
    assert station.outbox.depth == 0


def test_stop_without_a_broker_says_what_is_left(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    station.sink.commit([inspected(ok_inspection()), inspected(ng_inspection())])
    station.publisher.stop(0.05)
    assert "results that the broker has not acknowledged: 2" in caplog.text


class FaultyBroker(FakeBroker):
    """Fails once in a way that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__()
        self.faults_left = 1

    def publish(self, message: Message, on_done: Any) -> bool:
        if self.faults_left:
            self.faults_left -= 1
            raise RuntimeError("an unforeseen fault")
        return super().publish(message, on_done)


def test_an_unforeseen_fault_is_logged_and_the_publisher_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    broker, outbox = FaultyBroker(), MemoryOutbox(10)
    publisher = Publisher(broker, outbox, TOPICS)
    publisher.start()
    ResultSink(outbox, publisher, TOPICS).commit([inspected(ng_inspection())])
    broker.connect()
    publisher.stop(10.0)
    assert caplog.text.count("the publisher failed; it goes on") == 1
    assert outbox.depth == 0
