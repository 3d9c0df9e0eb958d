"""Which threads beat, busy or idle: capture, workers, ledger, publisher."""

import threading
from pathlib import Path

import numpy as np

from edgevision.capture.fake import FakeSource
from edgevision.capture.feed import RecordingFeed
from edgevision.capture.live import LiveFeed
from edgevision.capture.slot import FrameTap
from edgevision.errors import CaptureError
from edgevision.health import FOR_EVER_S, Beats
from edgevision.inspector import Inspector
from edgevision.ledger.journal import Ledger
from edgevision.messages import Topics
from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher
from edgevision.station import Lane
from edgevision.tasks.fake import FakeTask
from edgevision.triggered import TriggeredLane
from edgevision.types import Frame
from tests.unit.recipes import RECIPE_REF, make_recipe

LONG_S = 60.0
PICTURE = np.zeros((48, 64, 3), np.uint8)


class Heard:
    """Remembers the beats of each thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._beats: dict[str, list[float]] = {}

    def __call__(self, quiet_s: float = 0.0) -> None:
        with self._changed:
            self._beats.setdefault(threading.current_thread().name, []).append(quiet_s)
            self._changed.notify_all()

    def of(self, name: str) -> list[float]:
        """Return the pauses that a thread has announced, one for each beat."""
        with self._changed:
            return list(self._beats.get(name, ()))

    def has(self, name: str, beats: int) -> bool:
        """Wait until a thread has beaten so often."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._beats.get(name, ())) >= beats, LONG_S)


class Stuck(FakeSource):
    """A camera whose driver hangs while it is read."""

    def __init__(self, gate: threading.Event, is_calling: threading.Event) -> None:
        super().__init__([], is_live=True)
        self._gate, self._is_calling = gate, is_calling

    def read(self) -> Frame | None:
        self._is_calling.set()
        assert self._gate.wait(LONG_S)
        return None


def pauses_of_a_camera_that_is_away(heard: Heard) -> list[float]:
    fake = FakeSource([], is_live=True, opens=[CaptureError("unplugged")] * 9)
    feed = LiveFeed(fake, "cam1", reopen_min_s=3600, reopen_max_s=3600, beat=heard)
    feed.start()
    assert heard.has("capture-cam1", 2)
    feed.stop()
    return heard.of("capture-cam1")


def test_every_frame_is_a_sign_of_life_and_the_end_is_announced() -> None:
    heard, gate = Heard(), threading.Event()
    feed = LiveFeed(FakeSource([PICTURE, PICTURE, gate], is_live=True), "cam1", beat=heard)
    feed.start()
    assert heard.has("capture-cam1", 3)
    gate.set()
    feed.stop()

    assert heard.of("capture-cam1")[:3] == [0.0, 0.0, 0.0]
    assert heard.of("capture-cam1")[-1] == FOR_EVER_S


def test_a_recording_announces_that_it_waits_for_room() -> None:
    heard = Heard()
    feed = RecordingFeed(FakeSource([PICTURE, PICTURE]), "cam1", beat=heard)
    feed.start()
    assert heard.has("capture-cam1", 6)
    feed.stop()

    assert heard.of("capture-cam1") == [0.0, FOR_EVER_S, 0.0, FOR_EVER_S, 0.0, FOR_EVER_S]


def test_a_camera_whose_driver_does_not_return_is_silent() -> None:
    beats, gate, is_calling = Beats(lambda: 0.0), threading.Event(), threading.Event()
    feed = LiveFeed(Stuck(gate, is_calling), "cam1", beat=beats.beat)
    feed.start()
    assert is_calling.wait(LONG_S)
    beats.renew()
    silent = beats.silent()
    gate.set()
    feed.stop()

    assert silent == ["capture-cam1"]


def test_a_lost_camera_announces_how_long_it_waits_before_it_is_opened_again() -> None:
    start, pause, *_ = pauses_of_a_camera_that_is_away(Heard())

    assert start == 0.0
    assert 1800.0 <= pause <= 3600.0


def test_an_idle_line_is_alive_in_the_worker_whose_turn_it_is() -> None:
    heard, gate = Heard(), threading.Event()
    feed = LiveFeed(FakeSource([gate], is_live=True), "cam1")
    inspector = Inspector(make_recipe(), RECIPE_REF, [FakeTask(lambda _: ())], "run-1", is_simulated=True)
    lane = Lane(feed, lambda: inspector, [], workers=2, beat=heard)
    lane.start()
    first_has_turn = heard.has("inspect-cam1-0", 4) or heard.has("inspect-cam1-1", 4)
    lane.stop()
    gate.set()
    lane.join()

    assert first_has_turn
    for name in ("inspect-cam1-0", "inspect-cam1-1"):
        assert heard.of(name)[:2] == [0.0, FOR_EVER_S], "a worker that waits for its turn says so"
        assert heard.of(name)[-1] == FOR_EVER_S


def test_a_halted_line_says_that_it_waits() -> None:
    heard, gate = Heard(), threading.Event()
    feed = LiveFeed(FakeSource([gate], is_live=True), "cam1")
    inspector = Inspector(make_recipe(), RECIPE_REF, [FakeTask(lambda _: ())], "run-1", is_simulated=True)
    lane = Lane(feed, lambda: inspector, [], beat=heard)
    lane.halt()
    lane.start()
    assert heard.has("inspect-cam1-0", 4)
    waiting = heard.of("inspect-cam1-0")[3]
    lane.stop()
    gate.set()
    lane.join()

    assert waiting == FOR_EVER_S


def test_a_line_that_waits_for_triggers_is_alive() -> None:
    heard, gate = Heard(), threading.Event()
    inspector = Inspector(make_recipe(), RECIPE_REF, [FakeTask(lambda _: ())], "run-1", is_simulated=True)
    lane = TriggeredLane(
        lambda show: LiveFeed(FakeSource([gate], is_live=True), "cam1", handover=FrameTap(show)),
        lambda: inspector,
        [],
        capture_delay_ns=0,
        reach_ns=lambda: 0,
        max_pending=4,
        beat=heard,
    )
    lane.start()
    assert heard.has("deadline-cam1", 3)
    assert heard.has("inspect-cam1", 1)
    idle = heard.of("deadline-cam1")[:3], heard.of("inspect-cam1")[0]
    lane.stop()
    gate.set()
    lane.join()

    assert idle == ([0.0, 0.0, 0.0], FOR_EVER_S)
    assert heard.of("deadline-cam1")[-1] == heard.of("inspect-cam1")[-1] == FOR_EVER_S


def test_an_idle_ledger_is_alive(tmp_path: Path) -> None:
    heard = Heard()
    ledger = Ledger(tmp_path / "ledger.db", "boot-1", max_bytes=10**9, beat=heard)

    assert heard.has("ledger", 2)
    ledger.close()


def test_a_publisher_without_a_broker_is_alive_and_announces_its_end() -> None:
    heard = Heard()
    publisher = Publisher(FakeBroker(), MemoryOutbox(10), Topics("edgevision", "line1"), beat=heard)
    publisher.start()
    assert heard.has("publisher", 2)
    publisher.stop(LONG_S)

    assert heard.of("publisher")[-1] == FOR_EVER_S
