"""What changes while a network learns, whichever task it learns, and how it is saved and brought back.

The task says what its checkpoint for deployment holds; this adds what is needed to go on.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from edgevision.errors import EdgeVisionError, OutputError, UsageError
from export.train.averaging import Average
from export.train.checkpoint import load_state, save_state
from export.train.config import Optimisation
from export.train.device import Compute
from export.train.resuming import require_same
from export.train.schedule import optimiser_of, schedule_of

__all__ = ["BEST_FILE", "Epoch", "Learning", "make_folder"]

BEST_FILE = "best.pt"
LAST_FILE = "last.pt"

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is known after an epoch. Without a validation in it, `metrics` is empty."""

    number: int
    """Counts from 1."""
    loss: float
    learning_rate: float
    seconds: float
    metrics: dict[str, float]


@dataclass(slots=True, eq=False)
class Learning(Generic[Network]):
    """Network, mean network, optimiser, schedule and history."""

    network: Network
    optimisation: Optimisation
    compute: Compute
    figure: str | None
    """Of validation: the highest is the best. The latest epoch is, where there is nothing to choose by."""
    helper: nn.Module | None = None
    """Learns along and is not deployed."""
    average: Average[Network] = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)
    schedule: torch.optim.lr_scheduler.LambdaLR = field(init=False)
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network = self.network.to(self.compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.restart_average()
        parameters = list(self.network.parameters())
        if self.helper is not None:
            self.helper.to(self.compute.device)
            parameters += list(self.helper.parameters())
        self.optimiser = optimiser_of(parameters, self.optimisation)
        self.schedule = schedule_of(self.optimiser, self.optimisation)

    def restart_average(self) -> None:
        """Let the mean begin at the network as it is now."""
        self.average = Average(self.network, self.optimisation.ema_decay)

    def step(self, loss: torch.Tensor) -> float:
        """Learn from a loss; raises EdgeVisionError when it is no finite number."""
        if not torch.isfinite(loss):
            raise EdgeVisionError(
                f"the loss became {loss.item()} in epoch {len(self.history) + 1}; expected a finite number; "
                "lower optimisation.learning_rate and --resume"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.schedule.step()
        self.average.follow(self.network)
        return float(loss.item())

    @property
    def minutes(self) -> float:
        """Return the time spent in epochs so far, over all runs of this training."""
        return sum(epoch.seconds for epoch in self.history) / 60

    @property
    def best(self) -> Epoch | None:
        """Return the epoch with the best figure so far, or the latest."""
        figure = self.figure
        if figure is None:
            return self.history[-1] if self.history else None
        measured = [epoch for epoch in self.history if figure in epoch.metrics]
        return max(measured, key=lambda epoch: epoch.metrics[figure], default=None)

    @property
    def is_over(self) -> bool:
        """True when all epochs are done or none has been better for too long."""
        if len(self.history) >= self.optimisation.epochs:
            return True
        patience = self.optimisation.patience_epochs
        if patience is None or self.best is None:
            return False
        return len(self.history) - self.best.number >= patience

    @property
    def is_measured_now(self) -> bool:
        """Whether the epoch that runs shall be followed by a validation."""
        number = len(self.history) + 1
        return number >= self.optimisation.epochs or number % self.optimisation.validate_every == 0

    def save(self, folder: Path, deployable: dict[str, Any]) -> None:
        """Write the checkpoint to go on from and, when the latest epoch is the best, the one to deploy."""
        weights = self.average.network.state_dict()
        deployable = {
            **deployable,
            "weights": {name: value.cpu().contiguous() for name, value in weights.items()},
            "metrics": dict(self.history[-1].metrics) if self.history else {},
            "minutes": self.minutes,
        }
        if self.best is not None and self.best is self.history[-1]:
            save_state(folder / BEST_FILE, deployable)
        save_state(folder / LAST_FILE, {**deployable, **self._resumable()})

    def _resumable(self) -> dict[str, Any]:
        return {
            "latest_weights": self.network.state_dict(),
            "helper": {} if self.helper is None else self.helper.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average_steps": self.average.steps,
            "torch_rng": torch.get_rng_state(),
            "history": [
                [e.number, e.loss, e.learning_rate, e.seconds, dict(e.metrics)] for e in self.history
            ],
        }

    def resume(self, folder: Path, deployable: dict[str, Any]) -> None:
        """Go on where the last checkpoint of a folder ends. Raises UsageError when it cannot.

        Args:
            folder: The training's.
            deployable: As given to `save`; network, labels and optimiser have to be those of the checkpoint.
        """
        file = folder / LAST_FILE
        if not file.is_file():
            raise UsageError(f"{file}: no checkpoint to resume from; start without --resume")
        state = load_state(file)
        require_same(file, state, deployable)
        try:
            self.network.load_state_dict(state["latest_weights"])
            self.average.network.load_state_dict(state["weights"])
            if self.helper is not None:
                self.helper.load_state_dict(state["helper"])
            self.average.steps = state["average_steps"]
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
            torch.set_rng_state(state["torch_rng"])
            self.history[:] = [Epoch(*entry) for entry in state["history"]]
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise UsageError(
                f"{file}: cannot be resumed from: {error!r}; resume with the same configuration"
            ) from error


def make_folder(out_dir: Path) -> None:
    """Make the folder of a training. Raises OutputError."""
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out_dir}: cannot be made: {error.strerror}; choose another --out") from error
