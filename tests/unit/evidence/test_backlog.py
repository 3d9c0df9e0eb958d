from edgevision.evidence.backlog import Backlog
from edgevision.types import Judgement
from tests.unit.evidence.exhibits import part

FRAME_BYTES = 64 * 48 * 3


def offered(backlog: Backlog, *judgements: Judgement) -> list[int]:
    return [backlog.offer(part(judgement, number)) for number, judgement in enumerate(judgements)]


def taken(backlog: Backlog) -> list[int]:
    backlog.close()
    numbers = []
    while (inspected := backlog.take()) is not None:
        numbers.append(inspected.seen.frame_id)
    return numbers


OK, NG, ND = Judgement.OK, Judgement.NG, Judgement.ND


def test_what_is_offered_is_taken_in_order() -> None:
    backlog = Backlog(10 * FRAME_BYTES)

    assert offered(backlog, OK, NG, OK) == [0, 0, 0]
    assert taken(backlog) == [0, 1, 2]


def test_a_full_backlog_loses_what_comes() -> None:
    backlog = Backlog(2 * FRAME_BYTES)

    assert offered(backlog, NG, NG, NG, OK) == [0, 0, 1, 1]
    assert taken(backlog) == [0, 1]


def test_an_ok_part_gives_way_to_one_that_is_not() -> None:
    backlog = Backlog(2 * FRAME_BYTES)

    assert offered(backlog, NG, OK, ND, NG) == [0, 0, 1, 1]
    assert taken(backlog) == [0, 2]


def test_one_frame_always_has_room() -> None:
    backlog = Backlog(1)

    assert offered(backlog, OK, OK) == [0, 1]
    assert taken(backlog) == [0]


def test_nothing_is_taken_in_after_the_end_and_the_rest_is_counted() -> None:
    backlog = Backlog(10 * FRAME_BYTES)
    offered(backlog, NG, NG)
    backlog.close()

    assert offered(backlog, NG) == [1]
    assert backlog.clear() == 2
    assert backlog.take() is None
