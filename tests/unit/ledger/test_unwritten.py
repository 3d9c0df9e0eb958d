"""Results that the disk has not taken yet: what is let go first, and that all is counted."""

import random
from collections import Counter

from edgevision.ledger.runs import COUNTS
from edgevision.ledger.unwritten import Unwritten
from edgevision.types import Judgement
from tests.ledgers import result

OK, NG, ND = Judgement.OK, Judgement.NG, Judgement.ND


def filled(max_results: int, *judgements: Judgement) -> Unwritten:
    unwritten = Unwritten("boot-1", max_results)
    for number, judgement in enumerate(judgements, start=1):
        unwritten.add(result(number, judgement), ticks_ns=number)
    return unwritten


def kept(unwritten: Unwritten) -> list[int]:
    return [each.number for each in unwritten.oldest_waiting(100)]


def test_the_oldest_ok_goes_first_and_ng_and_nd_last() -> None:
    unwritten = filled(3, NG, OK, OK, ND, OK)
    assert kept(unwritten) == [1, 4, 5]
    unwritten.add(result(6, ND), 6)
    unwritten.add(result(7, ND), 7)
    assert kept(unwritten) == [4, 6, 7]
    assert unwritten.dropped == {OK: 3, NG: 1, ND: 0}


def test_what_is_delivered_goes_before_anything_that_waits() -> None:
    unwritten = filled(3, NG, OK, OK)
    assert unwritten.deliver(1)
    unwritten.add(result(4, OK), 4)
    assert kept(unwritten) == [2, 3, 4]
    assert unwritten.dropped == {OK: 0, NG: 0, ND: 0}
    assert not unwritten.deliver(99)


def test_what_is_being_written_is_not_dropped() -> None:
    unwritten = filled(3, OK, OK, NG)
    group = unwritten.group(2)
    unwritten.add(result(4, NG), 4)
    assert [each.number for each in group.results] == [1, 2]
    assert kept(unwritten) == [1, 2, 4]
    unwritten.written(group.through)
    assert kept(unwritten) == [4]
    assert unwritten.group(9).runs[0].first == 3


def test_every_number_is_written_once_whatever_happens_meanwhile() -> None:
    rng = random.Random(1)
    for _ in range(50):
        unwritten = Unwritten("boot-1", 20)
        added: Counter[Judgement] = Counter()
        written: Counter[Judgement] = Counter()
        through = 0
        for _ in range(600):
            judgement = rng.choice([OK, OK, OK, NG, ND])
            unwritten.add(result(0, judgement), 0)
            added[judgement] += 1
            if rng.random() < 0.5:
                unwritten.deliver(rng.randint(through + 1, unwritten.last))
            assert len(unwritten) <= 2 * 20 + 1
            if rng.random() < 0.1:
                group = unwritten.group(rng.choice([5, 100]))
                for _ in range(rng.randint(0, 20)):
                    unwritten.add(result(0, OK), 0)
                    added[OK] += 1
                if rng.random() < 0.5:
                    unwritten.release()
                    continue
                spans = [(each.number, each.number) for each in group.results]
                spans += [(run.first, run.last) for run in group.runs]
                for first, last in sorted(spans):
                    assert first == through + 1
                    through = last
                written.update(each.result.judgement for each in group.results)
                for run in group.runs:
                    for (_, kind), count in zip(COUNTS, run.counts, strict=True):
                        written[kind] += count
                unwritten.written(group.through)
        group = unwritten.group(10_000)
        assert group.through == unwritten.last == added.total()
        written.update(each.result.judgement for each in group.results)
        for run in group.runs:
            for (_, kind), count in zip(COUNTS, run.counts, strict=True):
                written[kind] += count
        assert written == added
