import pytest

from edgevision.bench.suite.barcode import CODES
from edgevision.bench.suite.latency import delays_of, percentile
from edgevision.bench.suite.witness import Arrival, Witness

PERIOD_NS = 40_000_000
SENT_NS = tuple(index * PERIOD_NS for index in range(2 * CODES))
DELAY_NS = 12_000_000


def result(frame_id: int, number: int, station: str = "ours", delay_ns: int = DELAY_NS) -> Arrival:
    return Arrival(station, frame_id, SENT_NS[number] + delay_ns)


def test_a_delay_is_from_the_pictures_leaving_to_its_result() -> None:
    numbers = range(300, 312)
    codes = {index: number % CODES for index, number in enumerate(numbers)}
    seen = Witness(SENT_NS, tuple(result(index, number) for index, number in enumerate(numbers)))

    found = delays_of("ours", codes, seen)

    assert found.delays_ms == pytest.approx([12.0] * 7)  # the first five are left out
    assert (found.missed, found.duplicated) == (0, 0)


def test_results_later_than_a_period_belong_to_the_picture_whose_code_they_saw() -> None:
    codes = {index: index for index in range(6)}
    late = tuple(result(index, index, delay_ns=5 * PERIOD_NS) for index in range(6))

    assert delays_of("ours", codes, Witness(SENT_NS, late)).delays_ms == pytest.approx([200.0])


def test_pictures_without_a_result_and_with_two_are_counted() -> None:
    codes = {0: 10, 1: 11, 2: 13, 3: 13, 4: 14}
    numbers = {0: 10, 1: 11, 2: 13, 3: 13, 4: 14}
    seen = Witness(SENT_NS, tuple(result(index, number) for index, number in numbers.items()))

    found = delays_of("ours", codes, seen)

    assert (found.missed, found.duplicated) == (1, 1)


def test_results_of_other_stations_do_not_count() -> None:
    seen = Witness(SENT_NS, (result(0, 3, station="theirs"),))

    assert delays_of("ours", {0: 3}, seen).delays_ms == ()
    assert delays_of("ours", {0: 3}, seen).missed == 0


def test_a_percentile_is_what_so_many_lie_below() -> None:
    assert percentile(range(1, 102), 50) == pytest.approx(51.0)
    assert percentile(range(1, 102), 99) == pytest.approx(100.0, abs=1.1)
