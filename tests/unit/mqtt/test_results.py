import json
from collections import deque
from collections.abc import Callable

import pytest

from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.results import LATE_AFTER_S, REFUSED_AGAIN_S, ResultStream
from edgevision.ports import NewResult
from edgevision.types import Judgement

SECOND_NS = 1_000_000_000


class Line:
    """A result stream with a clock of its own and without threads."""

    def __init__(self, rows: int, *, receive_maximum: int = 20, expiry_s: int | None = None) -> None:
        self.now_s = 1000.0
        self.broker = FakeBroker(receive_maximum, clock=lambda: self.now_s)
        self.outbox = MemoryOutbox(100, "boot-1", now_ns=lambda: int(self.now_s * SECOND_NS))
        self._later: deque[Callable[[], None]] = deque()
        self.stream = ResultStream(
            self.broker,
            self.outbox,
            self._later.append,
            expiry_s=expiry_s,
            clock=lambda: self.now_s,
            wall_ns=lambda: int(self.now_s * SECOND_NS),
        )
        for number in range(rows):
            self.add(number)

    def add(self, number: int, topic: str = "a/result") -> None:
        payload = json.dumps({"number": number}, separators=(",", ":")).encode()
        self.outbox.append([NewResult(topic, payload, Judgement.NG, 0)], self.stream.look)

    def turn(self) -> None:
        """Send, and work off what came back, until nothing moves any more."""
        self.stream.send()
        while self._later:
            while self._later:
                self._later.popleft()()
            self.stream.send()

    @property
    def accepted(self) -> list[int]:
        return [json.loads(message.payload)["number"] for message in self.broker.accepted]

    @property
    def late(self) -> list[int]:
        said = [json.loads(message.payload) for message in self.broker.accepted]
        return [message["number"] for message in said if message.get("late")]


def test_results_arrive_in_order_with_qos_1_and_leave_the_outbox() -> None:
    line = Line(50)
    line.broker.connect()
    line.turn()
    assert line.accepted == list(range(50))
    assert {message.qos for message in line.broker.accepted} == {1}
    assert line.outbox.depth == 0
    assert line.stream.figures.delivered == 50


def test_a_result_carries_when_it_was_published() -> None:
    line = Line(1)
    line.broker.connect()
    line.turn()
    said = json.loads(line.broker.accepted[0].payload)
    assert (said["published_ts"], said["published_time"]) == (1_000_000, "1970-01-01T00:16:40.000Z")


def test_a_result_carries_its_number_and_the_start_it_belongs_to() -> None:
    line = Line(3)
    line.broker.connect()
    line.turn()
    said = [json.loads(message.payload) for message in line.broker.accepted]
    assert [(message["boot_id"], message["sequence"]) for message in said] == [
        ("boot-1", 1),
        ("boot-1", 2),
        ("boot-1", 3),
    ]


def test_what_waited_for_a_connection_is_late_and_what_came_afterwards_is_not() -> None:
    line = Line(2)
    line.now_s += 0.5
    line.broker.connect()
    line.turn()
    line.now_s += 0.5
    line.add(2)
    line.turn()
    assert (line.accepted, line.late) == ([0, 1, 2], [0, 1])
    assert line.stream.figures.late == 2


def test_what_a_lost_connection_left_unacknowledged_is_late_when_it_is_sent_again() -> None:
    line = Line(0)
    line.broker.connect()
    line.broker.hold()
    line.now_s += 1.0
    line.add(0)
    line.turn()
    line.broker.lose()
    line.turn()
    line.broker.release()
    line.now_s += 1.0
    line.broker.connect()
    line.turn()
    assert line.late == [0]


def test_what_waited_for_long_within_one_connection_is_late_too() -> None:
    line = Line(0)
    line.broker.connect()
    line.now_s += 100.0
    line.broker.refuse("a/result")
    line.add(0)
    line.turn()
    line.broker.allow("a/result")
    line.now_s += LATE_AFTER_S + 0.5
    line.add(1)
    line.turn()
    line.now_s += REFUSED_AGAIN_S
    line.turn()
    assert (line.accepted, line.late) == ([1, 0], [0])


@pytest.mark.parametrize(("receive_maximum", "window"), [(2, 2), (65535, 20)])
def test_no_more_is_under_way_than_the_broker_bears(receive_maximum: int, window: int) -> None:
    line = Line(50, receive_maximum=receive_maximum)
    line.broker.hold()
    line.broker.connect()
    line.turn()
    assert len(line.broker.messages) == window
    line.broker.release(1)
    line.turn()
    assert len(line.broker.messages) == window + 1
    line.broker.release()
    line.turn()
    assert line.accepted == list(range(50))
    assert line.broker.most_in_flight == window


def test_nothing_leaves_the_outbox_while_the_broker_is_away() -> None:
    line = Line(3)
    line.turn()
    assert line.broker.messages == []
    assert line.outbox.depth == 3


def test_what_was_not_acknowledged_is_sent_again_after_a_loss_in_the_same_order() -> None:
    line = Line(5)
    line.broker.hold()
    line.broker.connect()
    line.turn()
    line.broker.release(2)
    line.turn()
    line.broker.lose()
    line.turn()
    assert line.outbox.depth == 3
    line.broker.release()
    line.broker.connect()
    line.turn()
    assert line.accepted == [0, 1, 2, 3, 4]
    assert line.stream.figures.resent == 3


def test_a_broker_that_refuses_everything_is_probed_and_not_flooded() -> None:
    line = Line(50)
    line.broker.refuse("a/result")
    line.broker.connect()
    line.turn()
    attempts = len(line.broker.messages)
    assert attempts == 20
    assert line.stream.refusal == "Not authorized"
    for _ in range(300):
        line.now_s += 1.0
        line.turn()
    assert len(line.broker.messages) - attempts < 20
    assert line.outbox.depth == 50


def test_after_the_refusals_end_everything_arrives() -> None:
    line = Line(50)
    line.broker.refuse("a/result")
    line.broker.connect()
    line.turn()
    line.broker.allow("a/result")
    for _ in range(3):
        line.now_s += REFUSED_AGAIN_S
        line.turn()
    assert sorted(line.accepted) == list(range(50))
    assert line.stream.refusal == ""
    assert line.stream.due_in_s is None


def test_one_result_that_is_always_refused_does_not_hold_up_the_others() -> None:
    line = Line(0)
    line.add(0, topic="b/result")
    for number in range(1, 30):
        line.add(number)
    line.broker.refuse("b/result", "Payload format invalid")
    line.broker.connect()
    line.turn()
    line.now_s += 2.0
    line.turn()
    assert line.accepted == list(range(1, 30))
    assert line.stream.due_in_s == REFUSED_AGAIN_S - 2.0


def test_a_dropped_result_that_was_refused_is_forgotten() -> None:
    line = Line(1)
    line.broker.refuse("a/result")
    line.broker.connect()
    line.turn()
    line.outbox.delivered(line.outbox.pending(1)[0].row_id)
    line.now_s += REFUSED_AGAIN_S
    line.turn()
    line.broker.allow("a/result")
    line.add(1)
    line.turn()
    assert line.accepted == [1]
    assert line.stream.due_in_s is None


def test_the_time_spent_waiting_counts_against_the_expiry_but_nothing_expires_unsent() -> None:
    line = Line(1, expiry_s=60)
    line.now_s += 45.0
    line.add(1)
    line.now_s += 10.0
    line.broker.connect()
    line.turn()
    assert [message.expiry_s for message in line.broker.accepted] == [5, 50]
    line.add(2)
    line.broker.lose()
    line.now_s += 500.0
    line.broker.connect()
    line.turn()
    assert line.broker.accepted[-1].expiry_s == 1
