"""How good class probabilities are: rightness, calibration, and the temperature that calibrates them.

C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks", ICML 2017.
"""

import numpy as np
import numpy.typing as npt

from edgevision.ops.classes import class_probabilities

__all__ = ["calibration_error", "figures_of", "fit_temperature"]

Logits = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
_BINS = 15
_TEMPERATURES = np.geomspace(0.1, 10, 201)


def fit_temperature(logits: Logits, class_ids: Ids) -> float:
    """Return the temperature, 0.1 to 10, under which (N, C) logits make the truth most likely."""
    rows = np.arange(len(class_ids))
    losses = [
        -np.log(np.maximum(class_probabilities(logits, float(t))[rows, class_ids], 1e-12)).mean()
        for t in _TEMPERATURES
    ]
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 3)


def calibration_error(probabilities: Logits, class_ids: Ids) -> float:
    """Return the expected calibration error over 15 equal bins of the highest probability."""
    confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == class_ids
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    gaps = [
        (bins == number).mean() * abs(is_right[bins == number].mean() - confidence[bins == number].mean())
        for number in np.unique(bins)
    ]
    return float(np.sum(gaps))


def figures_of(probabilities: Logits, class_ids: Ids, labels: tuple[str, ...]) -> dict[str, float]:
    """Return accuracy, mean recall of the classes that occur, ECE, and the recall of each."""
    is_right = probabilities.argmax(axis=1) == class_ids
    recalls = {
        f"recall {label}": float(is_right[class_ids == index].mean())
        for index, label in enumerate(labels)
        if (class_ids == index).any()
    }
    return {
        "accuracy": float(is_right.mean()),
        "balanced": float(np.mean(list(recalls.values()))),
        "ece": calibration_error(probabilities, class_ids),
        **recalls,
    }
