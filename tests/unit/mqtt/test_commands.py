import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from edgevision.messages import Topics, Verb
from edgevision.mqtt.commands import CommandChannel
from edgevision.mqtt.fake import FakeBroker
from edgevision.ports import Message, Received

TOPICS = Topics("edgevision", "line1")
ANSWER = {"ok": True}


def channel(broker: FakeBroker) -> tuple[CommandChannel, list[tuple[Verb, Received]], list[str]]:
    """Return a channel that answers everything at once, with what it heard and what it did not."""
    heard: list[tuple[Verb, Received]] = []
    not_heard: list[str] = []

    def hear(verb: Verb, received: Received, reply: Callable[[Mapping[str, Any]], None]) -> None:
        heard.append((verb, received))
        reply(ANSWER)

    made = CommandChannel(broker, TOPICS, hear, not_heard.append)
    broker.connect()
    made.start()
    return made, heard, not_heard


def answered(broker: FakeBroker, count: int = 1) -> list[Message]:
    assert broker.wait_until(lambda one: len(one.messages) >= count)
    return broker.messages


def test_an_answer_goes_to_where_it_is_asked_for_with_what_belongs_to_it() -> None:
    broker = FakeBroker()
    made, heard, _ = channel(broker)
    broker.deliver(TOPICS.command("stop"), b"{}", response_topic="me/answers", correlation_data=b"7")
    [message] = answered(broker)
    made.stop()

    assert (message.topic, message.correlation_data, message.qos) == ("me/answers", b"7", 1)
    assert json.loads(message.payload) == ANSWER
    assert [verb for verb, _ in heard] == [Verb.STOP]


@pytest.mark.parametrize("topic", [None, "", "a/+/b", "a/#", "$SYS/x", "a\0b"])
def test_without_a_topic_that_can_be_used_it_goes_to_the_one_of_the_verb(topic: str | None) -> None:
    broker = FakeBroker()
    made, _, _ = channel(broker)
    broker.deliver(TOPICS.command("stop"), b"{}", response_topic=topic)
    [message] = answered(broker)
    made.stop()

    assert message.topic == "edgevision/line1/cmd/stop/ack"


def test_answers_wait_for_room_in_the_window_of_the_broker() -> None:
    broker = FakeBroker(receive_maximum=1)
    broker.hold()
    made, _, _ = channel(broker)
    for _ in range(3):
        broker.deliver(TOPICS.command("stop"), b"{}")
    answered(broker)
    broker.release()
    answered(broker, 3)
    made.stop()

    assert broker.most_in_flight == 1


def test_one_message_that_cannot_be_handled_does_not_end_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker, second = FakeBroker(), threading.Event()

    def hear(verb: Verb, _received: Received, _reply: object) -> None:
        if verb is Verb.STOP:
            raise RuntimeError("a bug")
        second.set()

    made = CommandChannel(broker, TOPICS, hear, lambda _: None)
    made.start()
    broker.deliver(TOPICS.command("stop"), b"{}")
    broker.deliver(TOPICS.command("start"), b"{}")
    assert second.wait(30)
    made.stop()

    assert "a bug" in caplog.text
