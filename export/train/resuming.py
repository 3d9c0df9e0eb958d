"""Says whether a checkpoint belongs to a configuration, so that its training can go on. Pure.

How long and how fast to learn, and from which pictures, may change in between; what its tensors and the
memory of its optimiser mean may not. What a detector answers means nothing without the priors it learnt with.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgevision.errors import UsageError

__all__ = ["require_same"]

_SPECS = ("network", "detector", "embedder", "classifier")
"""Under one of these a checkpoint keeps the shape of its network."""
_FIRST_METHOD = "adamw"
"""Of checkpoints from before there was a choice."""


def require_same(file: Path, checkpoint: Mapping[str, Any], deployable: Mapping[str, Any]) -> None:
    """Raise UsageError unless network, labels, priors and optimiser of a checkpoint are those of a training.

    Args:
        file: The checkpoint's, for the message.
        checkpoint: As it was read.
        deployable: What this training would save beside its weights.
    """
    kind = next(spec for spec in _SPECS if spec in deployable)
    if kind not in checkpoint:
        found = ", ".join(spec for spec in _SPECS if spec in checkpoint) or "no network"
        raise UsageError(
            f"{file}: expected a checkpoint with a {kind}, got one with {found}; resume in the folder of "
            "this training, or begin without --resume"
        )
    for key, expected, got in _differences(checkpoint, deployable, kind):
        raise UsageError(
            f"{file}: {key}: expected {expected} as configured, got {got}; resume with the same "
            "configuration, or begin without --resume"
        )


def _differences(
    checkpoint: Mapping[str, Any], deployable: Mapping[str, Any], kind: str
) -> Iterator[tuple[str, object, object]]:
    """Yield key, expected and got; of the network only what the checkpoint says, as older ones say less."""
    for name, got in checkpoint[kind].items():
        if (expected := deployable[kind].get(name)) != got:
            yield f"{kind}.{name}", expected, got
    for key in ("labels", "prior_sizes"):
        expected, got = (side.get(key) for side in (deployable, checkpoint))
        if expected != got and (expected or key == "labels"):
            yield key, expected, got
    expected, got = (_method(side) for side in (deployable, checkpoint))
    if expected != got:
        yield "optimisation.method", expected, got


def _method(checkpoint: Mapping[str, Any]) -> object:
    return checkpoint.get("config", {}).get("optimisation", {}).get("method", _FIRST_METHOD)
