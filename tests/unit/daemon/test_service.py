import logging
import threading

import pytest

from edgevision.daemon.service import Service, summary
from edgevision.daemon.watch import Condition
from edgevision.health import Beats
from edgevision.host.fake import FakeServiceManager
from edgevision.messages import MachineState, Severity

WATCHDOG_S = 30.0


class Station:
    """A service with two threads, looked at once a second."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.manager = FakeServiceManager(WATCHDOG_S)
        self.beats = Beats(lambda: self.now_s)
        self.service = Service(self.manager, self.beats, lambda: self.now_s)

    def live(self, seconds: int, *alive: str, has_first_frame: bool = True, status: str = "") -> int:
        """Let time pass while some threads move; return how often the watchdog was fed."""
        fed = self.manager.count("WATCHDOG=1")
        for _ in range(seconds):
            self.now_s += 1.0
            for name in alive:
                thread = threading.Thread(target=self.beats.beat, name=name)
                thread.start()
                thread.join()
            self.service.look(has_first_frame=has_first_frame, status=status)
        return self.manager.count("WATCHDOG=1") - fed


def test_ready_is_said_once_and_only_with_a_first_frame() -> None:
    station = Station()
    station.live(20, "capture", has_first_frame=False)
    assert station.manager.count("READY=1") == 0

    station.live(20, "capture")
    assert station.manager.count("READY=1") == 1


def test_waiting_for_the_first_frame_asks_for_more_time_and_feeds_no_watchdog() -> None:
    station = Station()

    assert station.live(120, "capture", has_first_frame=False) == 0
    assert station.manager.count("EXTEND_TIMEOUT_USEC=60000000") >= 120 / 60


def test_a_thread_that_hangs_before_the_first_frame_gets_no_more_time() -> None:
    station = Station()
    station.live(30, "capture", "publisher", has_first_frame=False)
    extended = station.manager.count("EXTEND_TIMEOUT_USEC=60000000")
    station.live(600, "publisher", has_first_frame=False)

    assert station.manager.count("EXTEND_TIMEOUT_USEC=60000000") <= extended + 1


def test_the_watchdog_is_fed_in_time_while_all_threads_move() -> None:
    station = Station()

    assert station.live(300, "capture", "publisher") == 300 / (WATCHDOG_S / 2)


def test_one_silent_thread_ends_the_feeding_and_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    station = Station()
    station.live(30, "capture", "publisher")
    with caplog.at_level(logging.ERROR):
        fed = station.live(300, "publisher")

    assert fed <= 1
    assert [record.getMessage() for record in caplog.records] == [
        "no sign of life from capture; the watchdog is not fed"
    ]


def test_feeding_goes_on_as_soon_as_the_silent_thread_moves() -> None:
    station = Station()
    station.live(30, "capture", "publisher")
    station.live(20, "publisher")

    assert station.live(1, "capture") == 1


def test_the_status_is_told_when_it_changes_but_not_all_the_time() -> None:
    station = Station()
    for count in range(10):
        station.live(1, "capture", status=f"{count} inspected")
    told = [one for one in station.manager.told if one.startswith("STATUS=")]

    assert told == ["STATUS=0 inspected", "STATUS=5 inspected"]


def test_a_reload_is_told_and_how_it_went_stays_in_the_status() -> None:
    station = Station()
    station.live(1, "capture", status="Ready")
    station.service.reloading()
    station.service.reloaded("reload refused: no such key")
    station.live(1, "capture", status="Ready")

    assert station.manager.told[-3:] == [
        "RELOADING=1",
        "READY=1",
        "STATUS=Ready; reload refused: no such key",
    ]


def test_a_reload_before_the_first_frame_does_not_claim_to_be_ready() -> None:
    station = Station()
    station.service.reloading()
    station.service.reloaded("reloaded")

    assert station.manager.told == []


def test_nobody_who_watches_is_no_error() -> None:
    manager = FakeServiceManager()
    Service(manager, Beats(), lambda: 0.0).look(has_first_frame=True, status="")

    assert "READY=1" in manager.told


def test_the_summary_says_what_is_wrong_and_what_waits() -> None:
    lost = Condition("camera_lost", Severity.ERROR, "cam1 is lost: unplugged", "cam1")

    assert summary(MachineState.READY, 0, []) == "Ready: 0 inspected"
    assert summary(MachineState.ERROR, 7, [lost], 3) == (
        "Error: 7 inspected, 3 wait for the broker; cam1 is lost: unplugged"
    )
