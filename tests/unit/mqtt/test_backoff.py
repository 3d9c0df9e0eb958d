import random

from edgevision.mqtt.backoff import Backoff


def test_delays_double_up_to_the_bound_with_half_of_each_drawn_by_lot() -> None:
    backoff = Backoff(1.0, 10.0, random.Random(7))
    delays_s = [backoff.next_s() for _ in range(8)]
    for delay_s, whole_s in zip(delays_s, [1, 2, 4, 8, 10, 10, 10, 10], strict=True):
        assert whole_s / 2 <= delay_s <= whole_s


def test_stations_that_lost_the_same_broker_come_back_at_different_times() -> None:
    first = {Backoff(1.0, 10.0, random.Random(seed)).next_s() for seed in range(20)}
    assert len(first) == 20


def test_after_a_reset_it_begins_at_the_shortest_delay() -> None:
    backoff = Backoff(1.0, 10.0, random.Random(7))
    for _ in range(5):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_a_bound_below_the_shortest_delay_gives_the_shortest_delay() -> None:
    backoff = Backoff(3.0, 1.0, random.Random(7))
    assert all(1.5 <= backoff.next_s() <= 3.0 for _ in range(4))
