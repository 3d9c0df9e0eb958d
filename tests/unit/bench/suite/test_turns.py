from collections.abc import Callable

from edgevision.bench.suite.turns import in_turns, loadable
from edgevision.errors import EngineError


def test_alternatives_take_turns_and_each_round_is_told() -> None:
    ran: list[str] = []
    told: list[str] = []

    def turn(name: str) -> Callable[[], int]:
        def run() -> int:
            ran.append(name)
            return len(ran)

        return run

    taken = in_turns({"a": turn("a"), "b": turn("b")}, 2, "replay", told.append)

    assert ran == ["a", "b", "a", "b"]
    assert taken == {"a": [1, 3], "b": [2, 4]}
    assert told == ["replay, round 1 of 2", "replay, round 2 of 2"]


def test_what_cannot_be_loaded_is_left_out_with_its_reason() -> None:
    def absent() -> int:
        raise EngineError("OpenVINO cannot be imported")

    assert loadable({"a": lambda: 1, "b": absent}) == ({"a": 1}, {"b": "OpenVINO cannot be imported"})
