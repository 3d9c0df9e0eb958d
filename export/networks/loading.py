"""Copies weights into a network as far as they fit, and says what became of every tensor."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

__all__ = ["LoadReport", "Weights", "copy_fitting", "tensors_of"]

Weights = dict[str, Tensor]

_WRAPPERS = ("state_dict", "model", "weights")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of every tensor; names of the network for `missing`, of the file for the others."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    """In the network, but not in the file: they keep their random beginning."""
    unexpected: tuple[str, ...]
    """In the file, but not in the network."""
    misshapen: tuple[str, ...]
    """In both, with other shapes: layers of scores, because there are other classes."""

    def __str__(self) -> str:
        """Return one line per kind, names abbreviated to layers."""
        kinds = ("matched", "missing", "unexpected", "misshapen")
        return "\n".join(f"{kind:>10}: {_layers(getattr(self, kind))}" for kind in kinds)


def tensors_of(state: Mapping[str, object]) -> Weights:
    """Return the tensors of a checkpoint, without what training scripts wrap around weights."""
    for key in _WRAPPERS:
        inner = state.get(key)
        if isinstance(inner, Mapping):
            return tensors_of(inner)
    return {name.removeprefix("module."): value for name, value in state.items() if isinstance(value, Tensor)}


def copy_fitting(network: nn.Module, weights: Mapping[str, Tensor]) -> LoadReport:
    """Copy every tensor that the network has in the same shape."""
    own = network.state_dict()
    misshapen = tuple(n for n, value in weights.items() if n in own and value.shape != own[n].shape)
    matched = {n: value for n, value in weights.items() if n in own and n not in misshapen}
    network.load_state_dict(own | matched)
    return LoadReport(
        matched=tuple(matched),
        missing=tuple(name for name in own if name not in weights),
        unexpected=tuple(name for name in weights if name not in own),
        misshapen=misshapen,
    )


def _layers(names: tuple[str, ...]) -> str:
    layers = dict.fromkeys(name.rpartition(".")[0] or name for name in names)
    return f"{len(names)} tensors of {', '.join(layers)}" if names else "none"
