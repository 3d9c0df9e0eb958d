"""The deployable part of a detector's checkpoint. Read without running code from the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgevision.bundle.detectspec import PriorMap
from edgevision.errors import UsageError
from export.detect.canvas import DetectView
from export.networks.detector_spec import DetectorSpec
from export.networks.detectors import Detector, build_detector, prior_maps
from export.train.checkpoint import load_state

__all__ = ["TrainedDetector", "is_detector", "load_trained_detector"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedDetector:
    """A trained detector with what is needed to deploy it."""

    network: Detector
    """In evaluation mode, on the CPU, float32."""
    labels: tuple[str, ...]
    """Without background."""
    priors: tuple[PriorMap, ...]
    view: DetectView
    mean: tuple[float, ...]
    std: tuple[float, ...]
    config: dict[str, Any]
    """The training configuration as plain values; empty for foreign checkpoints."""
    minutes: float
    """How long the training took; 0 when unknown."""


def is_detector(state: dict[str, Any]) -> bool:
    """Tell a detector's checkpoint from a segmentation network's."""
    return "detector" in state


def load_trained_detector(file: Path) -> TrainedDetector:
    """Read a checkpoint. Raises UsageError naming what is missing or wrong."""
    state = load_state(file)
    missing = [key for key in ("detector", "labels", "weights", "view") if key not in state]
    if missing:
        raise UsageError(
            f"{file}: expected the keys detector, labels, view and weights; missing {', '.join(missing)}"
        )
    sizes = state.get("prior_sizes", [])
    try:
        spec = DetectorSpec.model_validate(state["detector"])
        view = DetectView.model_validate(state["view"])
        network = build_detector(spec, sizes, view.size_wh)
        network.load_state_dict(state["weights"])
        priors = prior_maps(spec, sizes, view.size_wh)
    except (ValidationError, RuntimeError, TypeError) as error:
        raise UsageError(f"{file}: detector, view and weights do not fit: {error}") from error
    return TrainedDetector(
        network=network.eval(),
        labels=tuple(state["labels"]),
        priors=priors,
        view=view,
        mean=tuple(state.get("mean", (0.5,) * 3)),
        std=tuple(state.get("std", (0.25,) * 3)),
        config=state.get("config", {}),
        minutes=float(state.get("minutes", 0.0)),
    )
