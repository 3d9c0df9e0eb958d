import threading
from collections.abc import Callable

from edgevision.health import FOR_EVER_S, Beats


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def in_thread(name: str, work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work, name=name)
    thread.start()
    thread.join()


def test_nobody_is_silent_who_has_moved_since_the_last_time() -> None:
    beats = Beats()
    in_thread("capture-cam1", beats.beat)
    in_thread("publisher", beats.beat)

    assert beats.names == {"capture-cam1", "publisher"}
    assert beats.silent() == []


def test_who_has_not_moved_since_the_last_time_is_named() -> None:
    beats = Beats()
    for name in ("publisher", "ledger", "capture-cam1"):
        in_thread(name, beats.beat)
    beats.renew()
    in_thread("ledger", beats.beat)

    assert beats.silent() == ["capture-cam1", "publisher"]


def test_a_thread_that_announced_a_pause_is_silent_only_when_it_is_over() -> None:
    clock = Clock()
    beats = Beats(clock)
    in_thread("capture-cam1", lambda: beats.beat(30.0))
    beats.renew()

    clock.s = 29.0
    assert beats.silent() == []
    clock.s = 30.0
    assert beats.silent() == ["capture-cam1"]


def test_a_thread_that_ended_in_order_is_never_missed() -> None:
    clock = Clock()
    beats = Beats(clock)
    in_thread("capture-cam1", lambda: beats.beat(FOR_EVER_S))
    beats.renew()
    clock.s = 1e9

    assert beats.silent() == []


def test_a_new_beat_takes_an_announced_pause_back() -> None:
    beats = Beats(Clock())
    in_thread("capture-cam1", lambda: beats.beat(30.0))
    in_thread("capture-cam1", beats.beat)
    beats.renew()

    assert beats.silent() == ["capture-cam1"]
