"""What changes while a detector learns, and what of it is deployed."""

from typing import Any

import torch

from export.detect.config import DetectConfig
from export.networks.detector_spec import DetectorSpec
from export.networks.detectors import Detector, build_detector
from export.train.device import Compute
from export.train.learning import Learning

__all__ = ["DetectState", "Sizes"]

Sizes = tuple[tuple[tuple[float, float], ...], ...]
"""(width, height) of the priors of each map, in pixels of the model's input."""
_FIGURE = "map50"


class DetectState(Learning[Detector]):
    """The network that learns, with its configuration, labels and priors."""

    def __init__(
        self, config: DetectConfig, labels: tuple[str, ...], prior_sizes: Sizes, compute: Compute
    ) -> None:
        """Begin with random weights, the same for the same seed."""
        torch.manual_seed(config.seed)
        network = build_detector(config.spec(len(labels)), prior_sizes, config.train_wh)
        super().__init__(network, config.optimisation, compute, None if config.data.is_refit else _FIGURE)
        self.config, self.labels, self.prior_sizes = config, labels, prior_sizes

    @property
    def spec(self) -> DetectorSpec:
        """Return the network's shape."""
        return self.config.spec(len(self.labels))

    @property
    def deployable(self) -> dict[str, Any]:
        """Return what `load_trained_detector` reads, but for the weights."""
        config = self.config
        return {
            "detector": self.spec.model_dump(mode="json"),
            "prior_sizes": [[list(size) for size in sizes] for sizes in self.prior_sizes],
            "labels": list(self.labels),
            "view": config.view.model_dump(mode="json"),
            "mean": list(config.mean),
            "std": list(config.std),
            "config": config.model_dump(mode="json", by_alias=True),
        }
