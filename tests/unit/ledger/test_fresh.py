from collections.abc import Sequence

from edgevision.ledger.fresh import Fresh
from edgevision.ledger.unwritten import UnwrittenResult
from tests.ledgers import result

BASE = 100
MANY = 300


def new(*numbers: int) -> list[UnwrittenResult]:
    return [UnwrittenResult(number, result(number), 0) for number in numbers]


def shown(fresh: Fresh, limit: int = 1000, without: Sequence[int] = ()) -> list[int | None] | None:
    rows = fresh.oldest(limit, set(without))
    return None if rows is None else [row.sequence for row in rows]


def test_nothing_is_known_of_a_file_in_which_others_wait() -> None:
    fresh = Fresh("boot-1")
    assert shown(fresh) is None
    fresh.update(BASE, new(1, 2), [], waited=1)
    assert shown(fresh) is None


def test_what_waits_is_known_from_when_nothing_else_waits() -> None:
    fresh = Fresh("boot-1")
    fresh.update(BASE, new(1, 2), [], waited=0)
    fresh.update(BASE, new(3, 4), [101], waited=1)
    assert shown(fresh) == [102, 103, 104]
    assert shown(fresh, limit=2, without=[102]) == [103, 104]


def test_a_row_is_that_of_the_file() -> None:
    fresh = Fresh("boot-1")
    fresh.update(BASE, new(1), [], waited=0)
    (row,) = fresh.oldest(1, set()) or []
    assert (row.row_id, row.sequence, row.boot_id, row.is_saved) == (101, 101, "boot-1", True)
    assert row.payload == b'{"number":1}'


def test_what_was_delivered_before_it_was_written_does_not_wait() -> None:
    fresh = Fresh("boot-1")
    fresh.update(BASE, [UnwrittenResult(1, result(1), 0, is_delivered=True), *new(2)], [], waited=0)
    assert shown(fresh) == [102]


def test_more_than_a_few_are_left_to_the_file_until_all_of_them_are_delivered() -> None:
    fresh = Fresh("boot-1")
    fresh.update(BASE, new(*range(1, MANY)), [], waited=0)
    assert shown(fresh) is None
    fresh.update(BASE, new(MANY), [], waited=5)
    assert shown(fresh) is None
    fresh.update(BASE, new(MANY + 1), [], waited=0)
    assert shown(fresh) == [BASE + MANY + 1]


def test_a_file_that_may_hold_something_else_is_read() -> None:
    fresh = Fresh("boot-1")
    fresh.update(BASE, new(1), [], waited=0)
    fresh.forget()
    fresh.update(BASE, new(2), [], waited=1)
    assert shown(fresh) is None
