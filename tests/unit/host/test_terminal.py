import io
from collections.abc import Sequence

import pytest
from rich.console import Console

from edgevision.host.terminal import VerdictLines
from edgevision.types import Inspection, Judgement, Reason, Verdict
from tests.inspections import inspected, ng_inspection, ok_inspection

SECOND_NS = 1_000_000_000
UNKNOWN = Verdict(Judgement.ND, (Reason("camera_frozen", "cam1 shows [the same] picture"),))


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 100 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns


def shown(
    inspections: Sequence[Inspection], *, seconds_apart: float = 0.0, width: int = 200, colour: bool = False
) -> list[str]:
    """Return the lines printed for inspections that come one by one, each 20 ms after its capture."""
    text, clock = io.StringIO(), Clock()
    lines = VerdictLines(Console(file=text, width=width, force_terminal=colour, color_system="auto"), clock)
    for inspection in inspections:
        clock.now_ns += round(seconds_apart * SECOND_NS)
        fields = {name: getattr(inspection, name) for name in ("verdict", "part_id", "wall_ns")}
        lines.commit([inspected(ok_inspection(captured_ns=clock.now_ns - 20_000_000, **fields))])
    return text.getvalue().splitlines()


def test_a_line_tells_time_part_judgement_reason_counts_rate_and_latency() -> None:
    first, second = shown([ok_inspection(part_id="S1-000004"), ng_inspection()], seconds_apart=0.5)

    assert first == "18:40:00.123  S1-000004  OK  no defect  | OK 1  NG 0  ND 0  0.0/s  20.0 ms"
    verdict, counts = second.split("  | ")
    assert (
        verdict
        == "18:40:00.123  cam1 #48211  NG  The crack is 190 px long, at most 20 px.; 1 crack, at most 0."
    )
    assert counts == "OK 1  NG 1  ND 0  2.0/s  20.0 ms"


def test_text_in_brackets_is_shown_as_it_is() -> None:
    assert "cam1 shows [the same] picture" in shown([ok_inspection(verdict=UNKNOWN)])[0]


@pytest.mark.parametrize("width", [10, 40])
def test_a_narrow_terminal_gets_the_same_single_lines(width: int) -> None:
    inspections = [ok_inspection(), ng_inspection(), ok_inspection(verdict=UNKNOWN)]

    assert shown(inspections, width=width) == shown(inspections)
    assert len(shown(inspections, width=width)) == 3


def test_the_rate_is_that_of_the_last_seconds() -> None:
    assert "  4.0/s  " in shown([ok_inspection()] * 200, seconds_apart=0.25)[-1]


def test_results_of_the_same_instant_are_shown_without_a_rate() -> None:
    assert "OK 3  NG 0  ND 0  0.0/s  20.0 ms" in shown([ok_inspection()] * 3)[-1]


def test_colour_only_where_the_console_has_it() -> None:
    assert "\x1b[1;31mNG" in shown([ng_inspection()], colour=True)[0]
    assert "\x1b" not in shown([ng_inspection()])[0]
