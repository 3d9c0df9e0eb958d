from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.ports import NewResult
from edgevision.types import Judgement

OK, NG, ND = Judgement.OK, Judgement.NG, Judgement.ND


def filled(max_rows: int, *judgements: Judgement) -> MemoryOutbox:
    """Return an outbox to which a result of each judgement was added; payloads are their positions."""
    outbox = MemoryOutbox(max_rows)
    for position, judgement in enumerate(judgements):
        outbox.append(
            [NewResult("a/result", str(position).encode(), judgement, committed_ns=0)], lambda: None
        )
    return outbox


def kept(outbox: MemoryOutbox) -> list[int]:
    """Return the positions of what is still in it."""
    return [int(row.payload) for row in outbox.pending(100)]


def test_rows_come_oldest_first_and_stay_until_delivered() -> None:
    outbox = filled(10, OK, NG, OK)
    rows = outbox.pending(2)
    assert [row.payload for row in rows] == [b"0", b"1"]
    outbox.delivered(rows[0].row_id)
    assert kept(outbox) == [1, 2]
    assert outbox.depth == 2


def test_delivering_twice_changes_nothing() -> None:
    outbox = filled(10, OK, NG)
    row_id = outbox.pending(1)[0].row_id
    outbox.delivered(row_id)
    outbox.delivered(row_id)
    assert outbox.depth == 1


def test_a_full_outbox_drops_the_oldest_ok_and_counts_it() -> None:
    outbox = filled(3, NG, OK, OK, ND)
    assert kept(outbox) == [0, 2, 3]
    assert outbox.dropped == {OK: 1, NG: 0, ND: 0}


def test_a_new_ok_never_pushes_out_an_ng() -> None:
    outbox = filled(2, NG, ND, OK)
    assert kept(outbox) == [0, 1]
    assert outbox.dropped == {OK: 1, NG: 0, ND: 0}


def test_when_only_ng_and_nd_are_left_the_oldest_goes() -> None:
    outbox = filled(2, NG, ND, NG)
    assert kept(outbox) == [1, 2]
    assert outbox.dropped == {OK: 0, NG: 1, ND: 0}


def test_a_result_under_way_that_makes_room_is_lost_only_if_it_does_not_arrive() -> None:
    outbox = filled(3, OK, OK, OK)
    under_way = [row.row_id for row in outbox.pending(3)]
    outbox.append([NewResult("a/result", b"new", OK, 0) for _ in range(3)], lambda: None)
    assert (outbox.depth, outbox.dropped[OK]) == (6, 0)

    outbox.delivered(under_way[0])
    assert len(outbox.pending(100, without={under_way[1]})) == 3
    assert (outbox.depth, outbox.dropped[OK]) == (4, 1)

    outbox.delivered(under_way[1])
    assert (outbox.depth, outbox.dropped[OK]) == (3, 1)


def test_a_delivered_ok_is_not_chosen_again_when_room_is_needed() -> None:
    outbox = filled(2, OK, NG)
    outbox.delivered(outbox.pending(1)[0].row_id)
    outbox.append([NewResult("a/result", b"2", NG, 0), NewResult("a/result", b"3", NG, 0)], lambda: None)
    assert kept(outbox) == [2, 3]
    assert outbox.dropped == {OK: 0, NG: 1, ND: 0}
