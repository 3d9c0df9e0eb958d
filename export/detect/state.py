"""All that changes while a detector learns, and how it is saved and brought back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from edgevision.errors import UsageError
from export.detect.config import DetectConfig
from export.networks.detector_spec import DetectorSpec
from export.networks.detectors import Detector, build_detector
from export.train.averaging import Average
from export.train.checkpoint import load_state, save_state
from export.train.device import Compute
from export.train.schedule import warmup_cosine
from export.train.state import BEST_FILE, LAST_FILE, Epoch

__all__ = ["DetectState", "Sizes"]

Sizes = tuple[tuple[tuple[float, float], ...], ...]
FIGURE = "map50"


@dataclass(slots=True, eq=False)
class DetectState:
    """Network, mean network, optimiser, schedule and history."""

    config: DetectConfig
    labels: tuple[str, ...]
    prior_sizes: Sizes
    """(width, height) of the priors of each map, in pixels of the model's input."""
    compute: Compute
    network: Detector = field(init=False)
    average: Average[Detector] = field(init=False)
    optimiser: torch.optim.AdamW = field(init=False)
    schedule: torch.optim.lr_scheduler.LambdaLR = field(init=False)
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.config.seed)
        optimisation = self.config.optimisation
        network = build_detector(self.spec, self.prior_sizes, self.config.train_wh)
        self.network = network.to(self.compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.restart_average()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=optimisation.learning_rate, weight_decay=optimisation.weight_decay
        )
        self.schedule = warmup_cosine(self.optimiser, optimisation)

    def restart_average(self) -> None:
        """Let the mean begin at the network as it is now."""
        self.average = Average(self.network, self.config.optimisation.ema_decay)

    @property
    def spec(self) -> DetectorSpec:
        """Return the network's shape."""
        return self.config.spec(len(self.labels))

    @property
    def minutes(self) -> float:
        """Return the time spent in epochs so far, over all runs of this training."""
        return sum(epoch.seconds for epoch in self.history) / 60

    @property
    def best(self) -> Epoch | None:
        """Return the epoch with the highest mAP so far."""
        measured = [epoch for epoch in self.history if FIGURE in epoch.metrics]
        return max(measured, key=lambda epoch: epoch.metrics[FIGURE], default=None)

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
        weights = self.average.network.state_dict()
        return {
            "detector": self.spec.model_dump(mode="json"),
            "prior_sizes": [[list(size) for size in sizes] for sizes in self.prior_sizes],
            "labels": list(self.labels),
            "view": config.view.model_dump(mode="json"),
            "mean": list(config.mean),
            "std": list(config.std),
            "weights": {name: value.cpu().contiguous() for name, value in weights.items()},
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
        if state.get("detector") != self.spec.model_dump(mode="json"):
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
