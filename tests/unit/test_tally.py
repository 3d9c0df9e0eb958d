from dataclasses import replace

import pytest

from edgevision.tally import Tally
from edgevision.types import Inspection, Judgement, StageTimes
from tests.inspections import ng_inspection, ok_inspection

SECOND_NS = 1_000_000_000


def live(latency_ns: int, finished_ns: int) -> Inspection:
    return ok_inspection(captured_ns=finished_ns - latency_ns)


def test_an_empty_tally_knows_that_it_is_empty() -> None:
    tally = Tally()

    assert (tally.total, tally.latencies_ns(0), tally.rate_hz(0, SECOND_NS)) == (0, [], 0.0)


def test_judgements_are_counted_and_set_against_the_truth_where_it_is_known() -> None:
    tally = Tally()
    escape = ok_inspection(truth=Judgement.NG)
    for inspection in [ok_inspection(), escape, ok_inspection(truth=Judgement.OK), ng_inspection()]:
        tally.add(inspection, 1)

    assert tally.total == 4
    assert tally.judgements == {Judgement.OK: 3, Judgement.NG: 1}
    assert tally.by_truth == {(Judgement.NG, Judgement.OK): 1, (Judgement.OK, Judgement.OK): 1}


def test_latency_counts_from_capture_and_for_recordings_from_the_start_of_inspecting() -> None:
    tally = Tally()
    tally.add(live(40, finished_ns=100), 100)
    recorded = replace(ok_inspection(captured_ns=0), times=StageTimes(inspect_ns=7))
    tally.add(recorded, 200)

    assert sorted(tally.latencies_ns(0)) == [7, 40]
    assert tally.latencies_ns(100) == [7]


def test_the_rate_is_that_of_the_interval() -> None:
    tally = Tally()
    for second in range(1, 11):
        tally.add(ok_inspection(), second * SECOND_NS)

    assert tally.rate_hz(5 * SECOND_NS, 10 * SECOND_NS) == pytest.approx(1.0)
    assert tally.rate_hz(0, 20 * SECOND_NS) == pytest.approx(0.5)


def test_a_rate_beyond_its_memory_is_that_of_what_it_remembers() -> None:
    tally = Tally()
    for index in range(1, 3001):
        tally.add(ok_inspection(), index * SECOND_NS // 1000)

    assert tally.total == 3000
    assert len(tally.latencies_ns(0)) == 1024
    assert tally.rate_hz(0, 3 * SECOND_NS) == pytest.approx(1000, rel=0.01)
