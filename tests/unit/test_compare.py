from dataclasses import replace

import pytest

from edgevision.compare import Effect, Key, Keys, Result, compare
from edgevision.types import Judgement

OK, NG, ND = Judgement


def result(frame_id: int, judgement: Judgement = OK, truth: Judgement | None = None) -> Result:
    return Result(
        Key("belt.mp4", frame_id), judgement, truth, 0.5, "", (), (), (64, 48), part_id=None, origin=()
    )


def test_the_same_results_in_another_order_are_the_same() -> None:
    results = [result(0), result(1, NG), result(2, ND)]
    found = compare(results, reversed(results))

    assert found.is_same
    assert (found.matched, found.flips, found.score_drift) == (3, (), 0.0)
    assert found.table == {(OK, OK): 1, (NG, NG): 1, (ND, ND): 1}


@pytest.mark.parametrize(
    ("truth", "was", "now", "effect"),
    [
        (NG, NG, OK, Effect.NEW_ESCAPE),
        (NG, ND, OK, Effect.NEW_ESCAPE),
        (NG, OK, NG, Effect.ESCAPE_CAUGHT),
        (NG, OK, ND, Effect.ESCAPE_CAUGHT),
        (NG, NG, ND, Effect.UNDECIDED_NOW),
        (OK, OK, NG, Effect.NEW_FALSE_NG),
        (OK, NG, OK, Effect.FALSE_NG_GONE),
        (OK, NG, ND, Effect.FALSE_NG_GONE),
        (OK, OK, ND, Effect.UNDECIDED_NOW),
        (OK, ND, OK, Effect.DECIDED_NOW),
        (None, OK, NG, Effect.NOW_NG),
        (None, NG, OK, Effect.NOW_OK),
        (None, NG, ND, Effect.UNDECIDED_NOW),
        (None, ND, NG, Effect.DECIDED_NOW),
    ],
)
def test_a_flip_means_what_the_truth_makes_of_it(
    truth: Judgement | None, was: Judgement, now: Judgement, effect: Effect
) -> None:
    found = compare([result(0, was, truth)], [result(0, now, truth)])

    assert not found.is_same
    assert found.effects == {effect: 1}


def test_a_frame_in_one_file_only_is_a_difference() -> None:
    found = compare([result(0), result(1)], [result(1), result(2)])

    assert not found.is_same
    assert [key.frame_id for key in found.only_before] == [0]
    assert [key.frame_id for key in found.only_after] == [2]
    assert found.matched == 1


def test_truth_that_only_one_side_knows_counts_for_both() -> None:
    found = compare([result(0, OK)], [result(0, NG, truth=NG)])

    assert found.effects == {Effect.ESCAPE_CAUGHT: 1}
    assert found.truths == {(NG, OK): (1, 0), (NG, NG): (0, 1)}


def test_scores_may_drift_without_a_flip() -> None:
    found = compare([result(0)], [replace(result(0), score_max=0.625)])

    assert found.is_same
    assert found.score_drift == 0.125


def test_repeated_names_count_on_and_triggers_without_a_frame_have_their_own_key() -> None:
    names = [("part.png", 0, "t1"), ("part.png", 0, "t2"), ("cam1", None, "t3"), ("cam1", None, "t4")]

    keys = Keys()
    assert [keys.next(*name) for name in names] == [
        Key("part.png", 0),
        Key("part.png", 0, occurrence=1),
        Key("cam1", None, "t3"),
        Key("cam1", None, "t4"),
    ]
