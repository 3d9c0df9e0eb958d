import numpy as np
import pytest

from edgevision.ops.classes import class_probabilities
from edgevision.ops.embed import Match, Matcher, normalised

E = np.eye(4, dtype=np.float32)


def test_the_nearest_entry_names_what_it_is() -> None:
    matcher = Matcher(["a", "b"], E[:2])

    match = matcher.match(normalised(E[0] + np.float32(0.2) * E[1]))
    assert match is not None
    assert match.name == "a"
    assert match.score == pytest.approx(0.9806, abs=1e-4)


def test_length_does_not_matter() -> None:
    assert Matcher(["a", "b"], E[:2] * 9).match(E[1]) == Match("b", 1.0)


def test_nobody_is_enrolled() -> None:
    assert Matcher([], E[:0]).match(E[0]) is None


def test_neighbours_vote_with_their_similarity() -> None:
    near = normalised(E[0] + np.float32(0.1) * E[3])
    matcher = Matcher(["stray", "right", "right"], np.stack((E[0], near, near)))

    assert matcher.match(E[0], 1) == Match("stray", 1.0)
    voted = matcher.match(E[0], 3)
    assert voted is not None
    assert voted.name == "right"
    assert voted.score == pytest.approx(0.995, abs=1e-3)


def test_more_neighbours_than_entries_are_all_of_them() -> None:
    assert Matcher(["a"], E[:1]).match(E[0], 50) == Match("a", 1.0)


def test_an_embedding_of_length_0_resembles_nothing() -> None:
    assert Matcher(["a"], E[:1]).match(normalised(np.zeros(4, np.float32))) == Match("a", 0.0)


def test_a_name_for_each_row() -> None:
    with pytest.raises(ValueError, match="a name for each of 2"):
        Matcher(["a"], E[:2])


def test_temperature_softens_probabilities_and_keeps_their_order() -> None:
    logits = np.array([2.0, 0.0, 500.0], np.float32)

    sharp, soft = class_probabilities(logits, 1.0), class_probabilities(logits, 500.0)
    assert sharp.tolist() == [0.0, 0.0, 1.0]
    assert soft.argsort().tolist() == logits.argsort().tolist()
    assert soft.sum() == pytest.approx(1.0)
