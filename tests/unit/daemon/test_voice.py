import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from edgevision.daemon.voice import Voice
from edgevision.daemon.watch import Condition
from edgevision.messages import HostFacts, MachineState, Severity, Topics
from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.ports import EngineInfo
from tests.inspections import MODEL, RECIPE
from tests.stations import check_message

TOPICS = Topics("edgevision", "line1")
ENGINES = {"cracks": EngineInfo("openvino", "CPU", "CPU", "int8", "2025.1", threads=2, streams=1)}
HOST = HostFacts(hostname="box", os="Linux", machine="x86_64", cpu="a cpu", cpu_count=2, python="3.11")
LOST = Condition("camera_lost", Severity.ERROR, "cam1 is lost: unplugged", "cam1")
FROZEN = Condition("camera_frozen", Severity.ERROR, "cam2 shows the same picture", "cam2")


class Heard:
    """The voice on a broker that keeps all it hears."""

    def __init__(self, broker: FakeBroker, voice: Voice) -> None:
        self.voice = voice
        self._broker = broker

    def on(self, topic: str) -> list[dict[str, Any]]:
        """Return the messages that arrived on a topic."""
        return [json.loads(message.payload) for message in self._broker.messages if message.topic == topic]

    def wait_for(self, topic: str, count: int) -> None:
        """Wait for the so-manieth message, because a newer one replaces one that was not yet sent."""
        assert self._broker.wait_until(lambda _: len(self.on(topic)) >= count, timeout_s=60)


@contextmanager
def speaking() -> Iterator[Heard]:
    """Give a voice; at the end everything it said has arrived."""
    broker = FakeBroker()
    publisher = Publisher(broker, MemoryOutbox(10), TOPICS)
    publisher.start()
    broker.connect()
    yield Heard(broker, Voice("line1", RECIPE, publisher))
    publisher.stop(60.0)


def test_a_state_is_said_when_it_changes_and_only_then() -> None:
    with speaking() as heard:
        heard.voice.state(MachineState.READY)
        heard.wait_for(TOPICS.state, 1)
        heard.voice.state(MachineState.ERROR, "cam1 is lost")
        heard.wait_for(TOPICS.state, 2)
        heard.voice.state(MachineState.ERROR, "cam1 is lost")
    states = heard.on(TOPICS.state)

    assert [state["state"] for state in states] == ["Ready", "Error"]
    assert states[1]["text"] == "cam1 is lost"
    assert states[1]["recipe"] == RECIPE.name
    for state in states:
        check_message("state", state)


def test_an_alarm_is_raised_once_for_as_long_as_it_lasts_and_then_over() -> None:
    with speaking() as heard:
        for count, conditions in [
            (1, [LOST]),
            (1, [LOST]),
            (2, [LOST, FROZEN]),
            (3, [FROZEN]),
            (3, [FROZEN]),
        ]:
            heard.voice.conditions(conditions)
            heard.wait_for(TOPICS.alarm, count)
    alarms = heard.on(TOPICS.alarm)

    assert [(alarm["code"], alarm["active"], alarm["camera"]) for alarm in alarms] == [
        ("camera_lost", True, "cam1"),
        ("camera_frozen", True, "cam2"),
        ("camera_lost", False, "cam1"),
    ]
    for alarm in alarms:
        check_message("alarm", alarm)


def test_an_alarm_that_reads_differently_is_raised_again() -> None:
    first = Condition("ledger_damaged", Severity.ERROR, "what was not delivered is only in a.damaged")
    both = replace(first, text="what was not delivered is only in a.damaged, b.damaged")
    with speaking() as heard:
        for count, conditions in [(1, [first]), (2, [both]), (2, [both]), (3, [])]:
            heard.voice.conditions(conditions)
            heard.wait_for(TOPICS.alarm, count)
    alarms = heard.on(TOPICS.alarm)

    assert [(alarm["active"], alarm["text"]) for alarm in alarms] == [
        (True, first.text),
        (True, both.text),
        (False, "Over."),
    ]


def test_an_alarm_is_logged_at_the_level_of_its_severity(caplog: pytest.LogCaptureFixture) -> None:
    fallback = Condition("engine_fallback", Severity.WARNING, "Step cracks asked for CUDA")
    Voice("line1", RECIPE, None).conditions([LOST, fallback])

    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("ERROR", "alarm camera_lost: cam1 is lost: unplugged"),
        ("WARNING", "alarm engine_fallback: Step cracks asked for CUDA"),
    ]


def test_the_station_introduces_itself_with_its_models() -> None:
    with speaking() as heard:
        heard.voice.introduce("0.1.0", ["cam1"], (MODEL,), ENGINES, HOST)
    info = heard.on(TOPICS.info)[-1]

    check_message("info", info)
    assert info["cameras"] == ["cam1"]
    assert [(model["task"], model["provider"]) for model in info["models"]] == [("cracks", "CPU")]


def test_without_a_broker_the_log_tells(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    voice = Voice("line1", RECIPE, None)
    voice.introduce("0.1.0", ["cam1"], (MODEL,), ENGINES, HOST)
    voice.state(MachineState.READY)
    voice.conditions([LOST])
    voice.conditions([])

    assert "step cracks: surface-crack 1.0.3 int8 on openvino 2025.1 (CPU)" in caplog.text
    assert "state Ready" in caplog.text
    assert "alarm camera_lost: cam1 is lost: unplugged" in caplog.text
    assert "alarm camera_lost is over" in caplog.text
