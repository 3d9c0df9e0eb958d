import numpy as np
import pytest

from edgevision.ops.embed import normalised
from export.embed.metrics import identify, same_and_other, threshold_at, verification

pytestmark = pytest.mark.export


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def test_separate_scores_have_no_error_and_accept_everyone() -> None:
    figures = verification(np.array([0.8, 0.9], np.float32), np.array([0.1, 0.2, 0.3], np.float32))

    assert figures == {"eer": 0.0, "tar_1e2": 1.0, "tar_1e3": 1.0, "tar_1e4": 1.0}


def test_the_equal_error_rate_is_where_both_errors_meet() -> None:
    same, other = np.array([0.4, 0.6, 0.7, 0.8], np.float32), np.array([0.1, 0.2, 0.3, 0.5], np.float32)

    assert verification(same, other)["eer"] == pytest.approx(0.25)


def test_a_threshold_lets_at_most_its_rate_of_others_pass() -> None:
    other = (np.arange(1000) / 1000).astype(np.float32)

    assert np.mean(other >= threshold_at(other, 0.01)) == pytest.approx(0.01)
    assert not (other >= threshold_at(other, 0.0)).any()


def test_pairs_of_one_identity_are_kept_apart_from_all_others() -> None:
    vectors = np.eye(3, dtype=np.float32)

    same, other = same_and_other(vectors, ids(0, 1, 2), vectors[:2], ids(0, 2))

    assert same.tolist() == [1.0, 0.0]
    assert len(other) == 4


def test_only_probes_named_rightly_and_above_all_but_one_percent_of_strangers_are_identified() -> None:
    gallery = np.eye(3, dtype=np.float32)
    probes = normalised(np.array([[1, 0, 0], [0.9, 1, 0], [0, 1, 0.98]], np.float32))
    strangers = normalised(np.array([[1, 1, 1]] * 10, np.float32))

    found = identify((gallery, ids(0, 1, 2)), (probes, ids(0, 1, 2)), strangers)

    assert found.rank1 == pytest.approx(2 / 3)
    assert found.tpir_1e2 == pytest.approx(2 / 3)
    assert 0.577 < found.threshold < 0.6
