"""Checkpoints: everything a training needs to go on, and everything deployment needs to start.

Written atomically, read without running code from the file (torch's `weights_only`).
A user's own checkpoint needs only the keys `network`, `labels` and `weights`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from edgevision.errors import OutputError, UsageError
from export.data.view import View
from export.networks.spec import NetworkSpec
from export.networks.unet import AnyUNet, build_network

__all__ = ["SCHEMA", "Trained", "load_state", "load_trained", "save_state"]

SCHEMA = "edgevision.checkpoint/1"


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network with what is needed to deploy it."""

    network: AnyUNet
    """In evaluation mode, on the CPU, float32."""
    spec: NetworkSpec
    labels: tuple[str, ...]
    view: View
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    config: dict[str, Any]
    """The training configuration as plain values; empty for foreign checkpoints."""
    metrics: dict[str, float]
    """Of the validation split, as trained."""
    minutes: float
    """How long the training took; 0 when unknown."""


def save_state(file: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one. Raises OutputError."""
    partial = file.with_name(file.name + ".partial")
    try:
        with partial.open("wb") as stream:
            torch.save({"schema": SCHEMA, **state}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"{file}: cannot write the checkpoint: {error}; is there room?") from error


def load_state(file: Path) -> dict[str, Any]:
    """Read a checkpoint. Raises UsageError when it is not one."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling arbitrary bytes fails in arbitrary ways
        raise UsageError(f"{file}: expected a checkpoint written by torch.save, got: {error}") from error
    if not isinstance(state, dict):
        raise UsageError(f"{file}: expected a checkpoint with keys, got {type(state).__name__}")
    return state


def load_trained(file: Path) -> Trained:
    """Read the deployable part of a checkpoint. Raises UsageError naming what is missing or wrong."""
    state = load_state(file)
    missing = [key for key in ("network", "labels", "weights") if key not in state]
    if missing:
        raise UsageError(
            f"{file}: expected the keys network, labels and weights; missing {', '.join(missing)}"
        )
    labels = tuple(state["labels"])
    try:
        spec = NetworkSpec.model_validate({"classes": len(labels), **state["network"]})
        view = View.model_validate(state.get("view", {}))
        network = build_network(spec)
        network.load_state_dict(state["weights"])
    except (ValidationError, RuntimeError, TypeError) as error:
        raise UsageError(f"{file}: network, view and weights do not fit: {error}") from error
    return Trained(
        network=network.eval(),
        spec=spec,
        labels=labels,
        view=view,
        mean=tuple(state.get("mean", (0.5,) * 3)),
        std=tuple(state.get("std", (0.25,) * 3)),
        config=state.get("config", {}),
        metrics=state.get("metrics", {}),
        minutes=float(state.get("minutes", 0.0)),
    )
