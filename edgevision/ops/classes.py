"""From a classifier's logits to probabilities. Pure."""

import numpy as np
import numpy.typing as npt

__all__ = ["class_probabilities"]


def class_probabilities(logits: npt.NDArray[np.float32], temperature: float) -> npt.NDArray[np.float32]:
    """Return softmax over the last axis after dividing by the temperature.

    C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
