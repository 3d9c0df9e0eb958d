"""The deployable part of an embedder's checkpoint. Read without running code from the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgevision.errors import UsageError
from export.embed.config import EmbedConfig, MarkData
from export.networks.embedders import AnyEmbedder, build_embedder, read_embedder_spec
from export.train.checkpoint import load_state

__all__ = ["TrainedEmbedder", "is_embedder", "load_trained_embedder"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedEmbedder:
    """A trained embedder with what is needed to deploy it."""

    network: AnyEmbedder
    """In evaluation mode, on the CPU, float32."""
    mean: float
    std: float
    config: dict[str, Any]
    """The training configuration as plain values."""
    minutes: float

    @property
    def margin(self) -> float | None:
        """Return the margin of its box crops; None where it takes aligned ones."""
        data = EmbedConfig.model_validate(self.config).data
        return data.margin if isinstance(data, MarkData) else None


def is_embedder(state: dict[str, Any]) -> bool:
    """Tell an embedder's checkpoint from others."""
    return "embedder" in state


def load_trained_embedder(file: Path) -> TrainedEmbedder:
    """Read a checkpoint. Raises UsageError naming what is missing or wrong."""
    state = load_state(file)
    missing = [key for key in ("embedder", "weights", "mean", "std", "config") if key not in state]
    if missing:
        raise UsageError(f"{file}: expected an embedder's checkpoint; missing {', '.join(missing)}")
    try:
        network = build_embedder(read_embedder_spec(state["embedder"]))
        network.load_state_dict(state["weights"])
    except (ValidationError, RuntimeError, TypeError) as error:
        raise UsageError(f"{file}: network and weights do not fit: {error}") from error
    return TrainedEmbedder(
        network.eval(), state["mean"], state["std"], state["config"], float(state.get("minutes", 0.0))
    )
