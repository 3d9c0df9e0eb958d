import random

from edgevision.backoff import Backoff


def delays(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next_s() for _ in range(count)]


def test_delays_double_to_the_maximum_and_keep_at_least_half_of_it() -> None:
    ceilings = [0.5, 1.0, 2.0, 3.0, 3.0]

    for seed in range(20):
        found = delays(Backoff(0.5, 3.0, random.Random(seed)), 5)
        assert all(top / 2 <= delay <= top for delay, top in zip(found, ceilings, strict=True))


def test_two_stations_do_not_come_back_in_step() -> None:
    assert delays(Backoff(0.5, 30.0, random.Random(1)), 5) != delays(Backoff(0.5, 30.0, random.Random(2)), 5)


def test_one_seed_repeats_its_delays() -> None:
    assert delays(Backoff(0.5, 30.0, random.Random(1)), 5) == delays(Backoff(0.5, 30.0, random.Random(1)), 5)


def test_a_success_begins_again_at_the_minimum() -> None:
    backoff = Backoff(0.5, 30.0, random.Random(1))
    delays(backoff, 6)

    backoff.reset()

    assert backoff.next_s() <= 0.5


def test_a_maximum_below_the_minimum_counts_as_the_minimum() -> None:
    assert all(1.0 <= delay <= 2.0 for delay in delays(Backoff(2.0, 1.0, random.Random(1)), 4))
