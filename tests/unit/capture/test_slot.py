import threading

from edgevision.capture.slot import LosslessQueue, NewestSlot
from edgevision.types import Frame
from tests.videos import numbered

LONG_S = 30.0


def frame(frame_id: int) -> Frame:
    return Frame(numbered(frame_id), "cam1", frame_id, 0, 0)


def frame_id(taken: Frame | None) -> int | None:
    return None if taken is None else taken.frame_id


def test_the_slot_gives_the_newest_frame_once_and_counts_the_replaced() -> None:
    slot = NewestSlot()

    assert [slot.put(frame(index)) for index in range(3)] == [0, 1, 1]
    assert frame_id(slot.take(0.0)) == 2
    assert slot.take(0.0) is None


def test_a_waiting_taker_gets_the_frame_that_comes() -> None:
    slot = NewestSlot()
    taken: list[Frame | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(LONG_S)))
    taker.start()

    slot.put(frame(7))
    taker.join(LONG_S)

    assert [frame_id(one) for one in taken] == [7]


def test_closing_wakes_a_taker_and_refuses_more() -> None:
    slot = NewestSlot()
    taken: list[Frame | None] = []
    taker = threading.Thread(target=lambda: taken.append(slot.take(LONG_S)))
    taker.start()

    slot.close()
    taker.join(LONG_S)

    assert taken == [None]
    assert slot.is_over
    assert slot.put(frame(0)) == 1
    assert slot.take(0.0) is None


def test_a_closed_slot_still_gives_what_it_holds() -> None:
    slot = NewestSlot()
    slot.put(frame(3))
    slot.close()

    assert not slot.is_over
    assert frame_id(slot.take(0.0)) == 3
    assert slot.is_over


def test_the_queue_gives_every_frame_in_order_through_two_frames_of_room() -> None:
    queue = LosslessQueue(max_frames=2)

    def produce() -> None:
        for index in range(50):
            queue.put(frame(index))
        queue.close()

    threading.Thread(target=produce).start()
    taken = []
    while not queue.is_over:
        taken.append(frame_id(queue.take(LONG_S)))

    assert [index for index in taken if index is not None] == list(range(50))


def room_left(queue: LosslessQueue) -> int:
    """Count how many frames go in before a put waits; closes the queue."""
    lost: list[int] = []
    stuck = threading.Thread(target=lambda: lost.extend(queue.put(frame(index)) for index in range(100)))
    stuck.start()
    stuck.join(0.2)
    assert stuck.is_alive()
    queue.close()
    stuck.join(LONG_S)
    return lost.index(1)


def test_a_full_queue_makes_the_producer_wait_and_closing_frees_it() -> None:
    assert room_left(LosslessQueue(max_frames=3)) == 3


def test_large_pictures_fill_the_queue_earlier() -> None:
    picture_bytes = numbered(0).nbytes

    assert room_left(LosslessQueue(max_frames=8, max_bytes=2 * picture_bytes)) == 2
    assert room_left(LosslessQueue(max_frames=8, max_bytes=1)) == 1
