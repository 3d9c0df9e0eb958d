"""The deployable part of a classifier's checkpoint. Read without running code from the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgevision.errors import UsageError
from export.classify.config import ClassView
from export.networks.classifier import ClassifierSpec
from export.networks.classifiers import AnyClassifier, build_classifier
from export.train.checkpoint import load_state

__all__ = ["TrainedClassifier", "is_classifier", "load_trained_classifier"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedClassifier:
    """A trained classifier with what is needed to deploy it."""

    network: AnyClassifier
    """In evaluation mode, on the CPU, float32."""
    labels: tuple[str, ...]
    view: ClassView
    mean: tuple[float, ...]
    std: tuple[float, ...]
    temperature: float
    config: dict[str, Any]
    minutes: float


def is_classifier(state: dict[str, Any]) -> bool:
    """Tell a classifier's checkpoint from others."""
    return "classifier" in state


def load_trained_classifier(file: Path) -> TrainedClassifier:
    """Read a checkpoint. Raises UsageError naming what is missing or wrong."""
    state = load_state(file)
    wanted = ("classifier", "labels", "weights", "view", "mean", "std", "temperature")
    missing = [key for key in wanted if key not in state]
    if missing:
        raise UsageError(f"{file}: expected a classifier's checkpoint; missing {', '.join(missing)}")
    try:
        network = build_classifier(ClassifierSpec.model_validate(state["classifier"]))
        network.load_state_dict(state["weights"])
        view = ClassView.model_validate(state["view"])
    except (ValidationError, RuntimeError, TypeError) as error:
        raise UsageError(f"{file}: network, view and weights do not fit: {error}") from error
    return TrainedClassifier(
        network=network.eval(),
        labels=tuple(state["labels"]),
        view=view,
        mean=tuple(state["mean"]),
        std=tuple(state["std"]),
        temperature=float(state["temperature"]),
        config=state.get("config", {}),
        minutes=float(state.get("minutes", 0.0)),
    )
