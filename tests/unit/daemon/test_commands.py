import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edgevision.daemon.commands import Commands, Outcome, Request
from edgevision.errors import ConfigError, OutputError
from edgevision.host.changelog import ChangeLog
from edgevision.messages import Command, Verb
from tests.stations import check_message

LONG_S = 30.0


class Station:
    """Commands with actions that are scripted, and what was answered."""

    def __init__(self, changes: ChangeLog | None = None) -> None:
        self.carried_out: list[str] = []
        self.answers: list[Mapping[str, Any]] = []
        self.answered = threading.Semaphore(0)
        self.go_on = threading.Event()
        actions = dict.fromkeys(Verb, self.quick) | {Verb.RECIPE: self.slow, Verb.START: self.broken}
        self.commands = Commands("line1", actions, changes)

    def quick(self, command: Command, _received_ns: int) -> Outcome:
        self.carried_out.append(command.id)
        return Outcome(ok=True, code="done", text="done", change=("a", "b"))

    def slow(self, command: Command, _received_ns: int) -> Outcome:
        assert self.go_on.wait(LONG_S)
        return self.quick(command, 0)

    def broken(self, _command: Command, _received_ns: int) -> Outcome:
        raise RuntimeError("a bug")

    def reply(self, answer: Mapping[str, Any]) -> None:
        check_message("answer", answer)
        self.answers.append(answer)
        self.answered.release()

    def give(self, verb: Verb, payload: bytes | dict[str, Any], user: str | None = None) -> None:
        encoded = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.commands.handle(Request(verb, encoded, 0, "mqtt", user), self.reply)

    def answer(self) -> Mapping[str, Any]:
        assert self.answered.acquire(timeout=LONG_S)
        return self.answers[-1]


@pytest.mark.parametrize(
    ("verb", "payload"),
    [
        (Verb.STOP, b""),
        (Verb.STOP, b"\xff"),
        (Verb.STOP, b"[" * 4000),
        (Verb.STOP, b'{"id":"' + b"a" * 5000 + b'"}'),
        (Verb.STOP, {}),
        (Verb.STOP, {"id": 7}),
        (Verb.STOP, {"id": "a b"}),
        (Verb.STOP, {"id": "a\n"}),
        (Verb.STOP, {"id": "1", "camera": "cam1"}),
        (Verb.STOP, {"id": "1", "by": "x" * 200}),
        (Verb.TRIGGER, {"id": "1", "part_id": "line\nbreak"}),
        (Verb.RECIPE, {"id": "1"}),
        (Verb.RECIPE, {"id": "1", "recipe": "../other.yaml"}),
        (Verb.RECIPE, {"id": "1", "recipe": "/etc/passwd"}),
    ],
)
def test_what_is_no_command_is_refused_with_a_reason(verb: Verb, payload: bytes | dict[str, Any]) -> None:
    station = Station()
    station.give(verb, payload)

    answer = station.answer()
    assert (answer["ok"], answer["code"]) == (False, "bad_payload")
    assert answer["text"]
    assert "text like" not in answer["text"]
    assert "should" not in answer["text"]
    assert station.carried_out == []
    assert station.commands.counts.refused == 1


def test_a_repeated_id_gets_the_same_answer_for_as_long_as_it_is_remembered() -> None:
    station = Station()
    for number in (0, 0, *range(1, 1100), 0):
        station.give(Verb.STOP, {"id": f"c{number}"})

    assert station.answers[1] is station.answers[0]
    assert station.carried_out.count("c0") == 2
    assert len(station.carried_out) == 1101


def test_a_change_that_takes_long_holds_nothing_up_and_is_the_only_one() -> None:
    station = Station()
    station.give(Verb.RECIPE, {"id": "r1", "recipe": "a.yaml"})
    station.give(Verb.TRIGGER, {"id": "t1"})
    assert station.answer()["id"] == "t1"
    station.give(Verb.RECIPE, {"id": "r1", "recipe": "a.yaml"})
    assert station.answer()["code"] == "busy"
    station.give(Verb.RECIPE, {"id": "r2", "recipe": "a.yaml"})
    assert station.answer()["code"] == "busy"
    station.go_on.set()

    assert (station.answer()["id"], station.answers[-1]["code"]) == ("r1", "done")


def test_who_was_told_to_ask_again_later_may_do_so_with_the_same_id() -> None:
    station = Station()
    station.give(Verb.RECIPE, {"id": "r1", "recipe": "a.yaml"})
    station.give(Verb.RELOAD, {"id": "r2"})
    assert station.answer()["code"] == "busy"
    station.go_on.set()
    assert (station.answer()["id"], station.answers[-1]["code"]) == ("r1", "done")
    station.give(Verb.RELOAD, {"id": "r2"})

    assert (station.answer()["id"], station.answers[-1]["code"]) == ("r2", "done")
    assert station.carried_out == ["r1", "r2"]


def test_a_bug_in_an_action_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    station = Station()
    station.give(Verb.START, {"id": "c1"})

    assert station.answer()["code"] == "fault"
    assert "a bug" in caplog.text


def test_each_change_is_written_down_with_who_when_from_and_to(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "changes.jsonl")
    station = Station(log)
    station.give(Verb.STOP, {"id": "c1", "by": "bob"})
    station.give(Verb.STOP, {"id": "c2", "by": "bob"}, user="alice")
    log.close()

    lines = [json.loads(line) for line in (tmp_path / "changes.jsonl").read_text().splitlines()]
    assert [line["who"] for line in lines] == ["bob", "alice"]
    assert {"ts", "time", "verb", "from", "to", "outcome", "transport"} <= set(lines[0])
    assert (lines[0]["from"], lines[0]["to"], lines[0]["outcome"]) == ("a", "b", "done")


def test_a_change_log_that_cannot_be_written_is_told_and_holds_nothing_up(tmp_path: Path) -> None:
    station = Station(ChangeLog(Path("/dev/full")))
    station.give(Verb.STOP, {"id": "c1"})

    assert station.answer()["ok"]
    assert "No space left" in station.commands.change_log_error
    with pytest.raises(ConfigError, match="change_log"):
        ChangeLog(tmp_path / "gone" / "changes.jsonl")
    with pytest.raises(OutputError, match="cannot be written"):
        ChangeLog(Path("/dev/full")).append(
            verb="stop", before="a", after="b", outcome="done", who=None, transport="mqtt"
        )
