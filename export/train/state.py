"""What changes while a UNet learns, and what of it is deployed."""

from typing import Any

import torch

from export.networks.unet import AnyUNet, build_network
from export.train.config import TrainConfig
from export.train.device import Compute
from export.train.learning import Learning

__all__ = ["TrainingState"]

_FIGURE = "mean_iou"


class TrainingState(Learning[AnyUNet]):
    """The network that learns, with its configuration."""

    def __init__(self, config: TrainConfig, compute: Compute) -> None:
        """Begin with random weights, the same for the same seed."""
        torch.manual_seed(config.seed)
        super().__init__(build_network(config.network), config.optimisation, compute, _FIGURE)
        self.config = config

    @property
    def deployable(self) -> dict[str, Any]:
        """Return what `load_trained` reads, but for the weights."""
        config = self.config
        return {
            "network": config.network.model_dump(mode="json"),
            "labels": list(config.labels),
            "view": config.view.model_dump(mode="json"),
            "mean": list(config.mean),
            "std": list(config.std),
            "config": config.model_dump(mode="json", by_alias=True),
        }
