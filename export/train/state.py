"""All that changes while a network learns, and how it is saved and brought back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from edgevision.errors import UsageError
from export.networks.unet import UNet, UNetLite, build_network
from export.train.averaging import Average
from export.train.checkpoint import load_state, save_state
from export.train.config import TrainConfig
from export.train.device import Compute
from export.train.schedule import warmup_cosine

__all__ = ["Epoch", "TrainingState"]

BEST_FILE = "best.pt"
LAST_FILE = "last.pt"


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
class TrainingState:
    """Network, mean network, optimiser, schedule and history."""

    config: TrainConfig
    compute: Compute
    network: UNet | UNetLite = field(init=False)
    average: Average[UNet | UNetLite] = field(init=False)
    optimiser: torch.optim.AdamW = field(init=False)
    schedule: torch.optim.lr_scheduler.LambdaLR = field(init=False)
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.config.seed)
        optimisation = self.config.optimisation
        network = build_network(self.config.network).to(self.compute.device)
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Average(self.network, optimisation.ema_decay)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=optimisation.learning_rate, weight_decay=optimisation.weight_decay
        )
        self.schedule = warmup_cosine(self.optimiser, optimisation)

    @property
    def minutes(self) -> float:
        """Return the time spent in epochs so far, over all runs of this training."""
        return sum(epoch.seconds for epoch in self.history) / 60

    @property
    def best(self) -> Epoch | None:
        """Return the epoch with the highest mean IoU so far."""
        measured = [epoch for epoch in self.history if "mean_iou" in epoch.metrics]
        return max(measured, key=lambda epoch: epoch.metrics["mean_iou"], default=None)

    @property
    def is_over(self) -> bool:
        """True when all epochs are done or none has been better for too long."""
        optimisation = self.config.optimisation
        if len(self.history) >= optimisation.epochs:
            return True
        if optimisation.patience_epochs is None or self.best is None:
            return False
        return len(self.history) - self.best.number >= optimisation.patience_epochs

    def save(self, folder: Path) -> None:
        """Write the checkpoint to go on from and, when the latest epoch is the best, the one to deploy."""
        deployable = self._deployable()
        if self.best is not None and self.best is self.history[-1]:
            save_state(folder / BEST_FILE, deployable)
        resumable = {
            "latest_weights": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average_steps": self.average.steps,
            "torch_rng": torch.get_rng_state(),
            "history": [
                [e.number, e.loss, e.learning_rate, e.seconds, dict(e.metrics)] for e in self.history
            ],
        }
        save_state(folder / LAST_FILE, {**deployable, **resumable})

    def _deployable(self) -> dict[str, Any]:
        config = self.config
        return {
            "network": config.network.model_dump(mode="json"),
            "labels": list(config.labels),
            "view": config.view.model_dump(mode="json"),
            "mean": list(config.mean),
            "std": list(config.std),
            "weights": {
                name: value.cpu().contiguous() for name, value in self.average.network.state_dict().items()
            },
            "config": config.model_dump(mode="json", by_alias=True),
            "metrics": dict(self.history[-1].metrics) if self.history else {},
            "minutes": self.minutes,
        }

    def resume(self, folder: Path) -> None:
        """Go on where the last checkpoint of a folder ends. Raises UsageError when it cannot."""
        file = folder / LAST_FILE
        if not file.is_file():
            raise UsageError(f"{file}: no checkpoint to resume from; start without --resume")
        state = load_state(file)
        if state.get("network") != self.config.network.model_dump(mode="json"):
            raise UsageError(
                f"{file}: its network is not the configuration's; resume with the same configuration"
            )
        try:
            self.network.load_state_dict(state["latest_weights"])
            self.average.network.load_state_dict(state["weights"])
            self.average.steps = state["average_steps"]
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
            torch.set_rng_state(state["torch_rng"])
            self.history[:] = [Epoch(*entry) for entry in state["history"]]
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise UsageError(f"{file}: cannot be resumed from: {error!r}; train anew") from error
