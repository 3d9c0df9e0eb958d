import threading
from typing import Any

import pytest

from edgevision.recording.fake import FakeSession
from edgevision.recording.recorder import Bounds, Recorder
from edgevision.types import Inspected, Judgement
from tests.unit.evidence.exhibits import part

PICTURE_BYTES = 64 * 48 * 3
ROOM = Bounds(max_bytes=1 << 40, min_free_bytes=0)
LONG_S = 60.0


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def recorded(
    bounds: Bounds, *parts: Inspected, session: FakeSession | None = None
) -> tuple[Recorder, FakeSession]:
    """Return a recorder that has got the parts one after another and was closed, with its session."""
    session = session or FakeSession()
    recorder = Recorder(lambda _: session, bounds)
    recorder.commit(parts)
    recorder.start()
    recorder.close(LONG_S)
    return recorder, session


def test_frames_are_recorded_in_order_and_the_session_is_closed() -> None:
    recorder, session = recorded(ROOM, *(part(number=number) for number in range(5)))

    assert [entry.frame_id for entry in session.entries] == [0, 1, 2, 3, 4]
    assert (recorder.recorded, recorder.dropped, recorder.failure) == (5, 0, "")
    assert session.is_closed


def test_a_trigger_without_a_frame_is_in_the_log() -> None:
    unseen = part(Judgement.ND, frame_id=None, trigger_id="t1", part_id="P-1")
    recorder, session = recorded(ROOM, Inspected(None, unseen.inspection))

    (entry,) = session.entries
    assert (entry.picture, entry.frame_id) == (None, None)
    assert entry.trigger is not None
    assert (entry.trigger.trigger_id, entry.trigger.part_id) == ("t1", "P-1")
    assert recorder.recorded == 0


@pytest.mark.parametrize(
    ("bounds", "room_bytes"),
    [
        (Bounds(max_bytes=2 * PICTURE_BYTES, min_free_bytes=0), 1 << 40),
        (Bounds(max_bytes=1 << 40, min_free_bytes=PICTURE_BYTES), 3 * PICTURE_BYTES),
    ],
    ids=["bytes", "disk"],
)
def test_recording_ends_at_its_bounds(bounds: Bounds, room_bytes: int) -> None:
    session = FakeSession(room_bytes)
    recorder, _ = recorded(bounds, *(part(number=number) for number in range(5)), session=session)

    assert recorder.recorded == 2
    assert recorder.is_over
    assert recorder.failure == ""


def test_recording_ends_after_its_time() -> None:
    clock, session = Clock(), FakeSession()
    recorder = Recorder(lambda _: session, Bounds(1 << 40, 0, max_s=60.0), clock)

    def add(number: int) -> None:
        recorder._record(part(number=number))

    add(0)
    clock.now_s = 59.0
    add(1)
    clock.now_s = 60.0
    add(2)

    assert recorder.recorded == 2
    assert recorder.is_over


def test_a_frame_that_has_no_room_to_wait_is_left_out_and_counted() -> None:
    bounds = Bounds(1 << 40, 0, waiting_max_bytes=2 * PICTURE_BYTES)
    recorder, session = recorded(bounds, *(part(number=number) for number in range(5)))

    assert [entry.frame_id for entry in session.entries] == [0, 1]
    assert recorder.dropped == 3


def test_a_failure_ends_the_recording_and_not_the_line() -> None:
    session = FakeSession()
    session.broken = "No space left on device"
    recorder, _ = recorded(ROOM, part(), session=session)

    assert recorder.failure == "No space left on device"
    recorder.commit([part(number=1)])
    assert recorder.recorded == 0


def test_each_camera_has_its_session() -> None:
    sessions: dict[str, Any] = {}
    recorder = Recorder(lambda camera: sessions.setdefault(camera, FakeSession()), ROOM)
    recorder.start()
    recorder.commit(
        [part(number=0, camera="cam1"), part(number=1, camera="cam2"), part(number=2, camera="cam1")]
    )
    recorder.close(LONG_S)

    assert {camera: len(session.entries) for camera, session in sessions.items()} == {"cam1": 2, "cam2": 1}
    assert not any(thread.name == "recorder" for thread in threading.enumerate())
