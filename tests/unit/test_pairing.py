import random
import weakref
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevision.pairing import Pairing
from edgevision.trigger import FrameRing, NoFrame, pick
from edgevision.types import Frame, Reason, Trigger

DELAY_NS = 10
LATE_NS = 10**12


def frame(captured_ns: int, frame_id: int = 0) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), "cam1", frame_id, captured_ns, 0)


def trigger(requested_ns: int, *, before_ns: int = 0, deadline_ns: int = LATE_NS) -> Trigger:
    name = f"t{requested_ns}"
    return Trigger(name, name, requested_ns, 0, deadline_ns, before_ns, part_id=f"SN{requested_ns}")


def ring_of(*captured_ns: int) -> FrameRing:
    ring = FrameRing()
    for one in captured_ns:
        ring.add(frame(one), LATE_NS)
    return ring


def test_the_frame_is_the_first_one_that_was_certainly_exposed_after_the_trigger() -> None:
    ring = ring_of(90, 100, 109, 110, 120)

    found = pick(trigger(100), ring, DELAY_NS)

    assert isinstance(found, Frame)
    assert found.captured_ns == 110


def test_a_frame_that_may_have_been_exposed_before_the_trigger_is_never_taken() -> None:
    assert pick(trigger(100), ring_of(90, 100, 109), DELAY_NS) is None


def test_a_pre_trigger_frame_is_the_first_one_exposed_from_the_wanted_moment_on() -> None:
    found = pick(trigger(100, before_ns=50), ring_of(50, 59, 60, 70, 120), DELAY_NS)

    assert isinstance(found, Frame)
    assert found.captured_ns == 60


def test_a_frame_from_after_the_trigger_does_not_stand_for_one_from_before() -> None:
    found = pick(trigger(100, before_ns=50), ring_of(50, 111), DELAY_NS)

    assert isinstance(found, NoFrame)
    assert found.reason.code == "no_frame"


def test_a_trigger_whose_frame_is_forgotten_gets_none_instead_of_a_later_one() -> None:
    ring = FrameRing(max_bytes=24)
    for captured_ns in (100, 110, 120, 130):
        ring.add(frame(captured_ns), LATE_NS)

    found = pick(trigger(95), ring, DELAY_NS)

    assert isinstance(found, NoFrame)
    assert found.reason.code == "frame_gone"
    assert isinstance(pick(trigger(105), ring, DELAY_NS), Frame)


@given(
    stamps=st.lists(st.integers(0, 2000), unique=True, min_size=1).map(sorted),
    wanted=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 300)), max_size=20),
    order=st.randoms(use_true_random=False),
)
def test_however_frames_and_triggers_arrive_each_gets_the_same_frame_once(
    stamps: list[int], wanted: list[tuple[int, int]], order: random.Random
) -> None:
    pairing, found = Pairing(DELAY_NS), dict[int, int]()
    frames, triggers = iter(stamps), enumerate(wanted)
    moves = [0] * len(stamps) + [1] * len(wanted)
    order.shuffle(moves)
    for move in moves:
        if move == 0:
            pairing.see(frame(next(frames)), reach_ns=LATE_NS)
        else:
            ticket, (requested_ns, before_ns) = next(triggers)
            pairing.add(ticket, trigger(requested_ns, before_ns=before_ns))
        while (ready := pairing.next_ready()) is not None:
            assert ready.frame is not None
            assert ready.ticket not in found
            found[ready.ticket] = ready.frame.captured_ns

    for ticket, (requested_ns, before_ns) in enumerate(wanted):
        eligible = [stamp for stamp in stamps if stamp - DELAY_NS >= requested_ns - before_ns]
        is_right = bool(eligible) and (not before_ns or eligible[0] - DELAY_NS <= requested_ns)
        assert found.get(ticket) == (eligible[0] if is_right else None)


def test_orders_are_due_at_their_deadline_or_when_there_will_be_no_frame() -> None:
    pairing = Pairing(DELAY_NS)
    pairing.add(0, trigger(100, deadline_ns=500))
    pairing.add(1, trigger(100, deadline_ns=700))

    assert pairing.due(499) == []
    assert pairing.next_deadline_ns == 500
    assert [order.ticket for order in pairing.due(500)] == [0]

    pairing.give_up(Reason("stopping", "stopped"))
    assert [order.cause.code for order in pairing.due(0) if order.cause] == ["stopping"] * 2


def test_a_settled_order_is_not_inspected_any_more() -> None:
    pairing = Pairing(DELAY_NS)
    pairing.add(0, trigger(100))
    pairing.see(frame(200), reach_ns=0)
    [order] = pairing.due(LATE_NS)

    assert pairing.settle(order)
    assert not pairing.settle(order)
    assert pairing.next_ready() is None
    assert pairing.is_idle


def test_nothing_is_kept_of_a_settled_order_that_nobody_came_for() -> None:
    pairing = Pairing(DELAY_NS)
    pictures = []
    for ticket in range(60):
        pairing.add(ticket, trigger(100))
        shown = frame(200)
        pictures.append(weakref.ref(shown.image_bgr))
        pairing.see(shown, reach_ns=0)
        [order] = pairing.due(LATE_NS)
        pairing.settle(order)
    pairing.see(frame(10**12), reach_ns=0)
    del shown, order

    assert not pairing.has_ready
    assert [picture for picture in pictures if picture() is not None] == []


def test_a_frame_says_which_trigger_it_is_inspected_for() -> None:
    pairing = Pairing(DELAY_NS)
    pairing.add(0, trigger(100))
    pairing.see(replace(frame(200), is_frozen=True), reach_ns=0)
    order = pairing.next_ready()

    assert order is not None
    assert order.frame is not None
    assert (order.frame.trigger, order.frame.part_id) == (trigger(100), "SN100")
    assert order.frame.is_frozen


def test_the_ring_is_bounded_in_time() -> None:
    ring = FrameRing()
    for number in range(1000):
        ring.add(frame(number * 10_000_000), span_ns=50_000_000)

    assert len(ring.frames) == 16
    assert ring.forgotten_ns == 983 * 10_000_000
