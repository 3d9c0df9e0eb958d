import numpy as np
import pytest

from edgevision.ops.classes import class_probabilities
from export.classify.metrics import calibration_error, figures_of, fit_temperature

pytestmark = pytest.mark.export


def drawn(temperature: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose truth is drawn by their own probabilities, made too sure by a temperature."""
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (count, 4)).astype(np.float32)
    shares = class_probabilities(logits, 1.0).astype(np.float64)
    truth = np.array([rng.choice(4, p=row / row.sum()) for row in shares])
    return logits * np.float32(temperature), truth


def test_the_temperature_that_made_logits_too_sure_is_found_again() -> None:
    logits, truth = drawn(3.0)

    assert fit_temperature(logits, truth) == pytest.approx(3.0, rel=0.1)


def test_calibrated_probabilities_have_a_small_error_and_too_sure_ones_a_large_one() -> None:
    logits, truth = drawn(3.0)

    assert calibration_error(class_probabilities(logits, 3.0), truth) < 0.03
    assert calibration_error(class_probabilities(logits, 1.0), truth) > 0.1


def test_a_rare_class_weighs_as_much_as_a_frequent_one_in_the_mean_recall() -> None:
    probabilities = np.array([[0.9, 0.1]] * 4, np.float32)

    figures = figures_of(probabilities, np.array([0, 0, 0, 1]), ("often", "rarely"))

    assert (figures["accuracy"], figures["balanced"]) == (0.75, 0.5)
    assert figures["recall rarely"] == 0.0
