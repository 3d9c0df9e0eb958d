"""The form in which a network leaves the workstation: bytes in, probabilities, boxes, logits or a vector out.

Normalisation lies inside, so that the device only resizes. Conversion to ONNX is `export.convert`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from export.networks.classified import Classified
from export.networks.classifiers import AnyClassifier
from export.networks.detectors import Detector
from export.networks.embedders import AnyEmbedder
from export.networks.raw import Raw
from export.networks.unet import AnyUNet

__all__ = [
    "OUTPUT_NAME",
    "Deployable",
    "DeployableDetector",
    "DeployableEmbedder",
    "channel_terms",
    "normalise",
]

OUTPUT_NAME = "probabilities"


def channel_terms(mean: Sequence[float], std: Sequence[float], channels: int) -> tuple[Tensor, Tensor]:
    """Return factor and shift, (1, C, 1, 1) each, that turn bytes into `(x / 255 - mean) / std`.

    Of more values than channels the first count; with more channels, such as of a reference picture
    beside the picture, the values are repeated.
    """
    colors = 3 if channels % 3 == 0 else 1
    means, stds = (torch.tensor([values[i % colors] for i in range(channels)]) for values in (mean, std))
    return (1.0 / (255.0 * stds)).view(1, -1, 1, 1), (-means / stds).view(1, -1, 1, 1)


def normalise(batch_nhwc: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Turn (N, H, W, C) uint8 into (N, C, H, W) float32, `(x / 255 - mean) / std` per channel."""
    scale, shift = channel_terms(mean, std, batch_nhwc.shape[3])
    return batch_nhwc.permute(0, 3, 1, 2).float() * scale.to(batch_nhwc.device) + shift.to(batch_nhwc.device)


class Deployable(nn.Module):
    """A network with normalisation before and softmax behind it, as one graph.

    The factor and the shift per channel are one multiplication and one addition, which an
    engine folds into the first convolution's quantisation.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: AnyUNet, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        scale, shift = channel_terms(mean, std, 3)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, H, W, 3) uint8 RGB to (N, C, H, W) float32 probabilities that sum to 1 over C."""
        planes = image.permute(0, 3, 1, 2).float()
        return torch.softmax(self.network(planes * self.scale + self.shift).pixels, dim=1)


class DeployableDetector(nn.Module):
    """A detector with normalisation before it, as one graph; its answer stays raw.

    Applying softmax or sigmoid to the few scores that matter, and decoding their boxes, is cheaper
    on the device than doing it for all priors here.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: Detector, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        scale, shift = channel_terms(mean, std, network.spec.input_channels)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, image: Tensor) -> Raw:
        """Map (N, H, W, C) uint8 to offsets (N, P, 4) and score logits (N, P, K), float32."""
        planes = image.permute(0, 3, 1, 2).float()
        answer: Raw = self.network(planes * self.scale + self.shift)
        return answer


class DeployableEmbedder(nn.Module):
    """An embedder with normalisation before it, as one graph; the device divides by the length."""

    scale: Tensor
    shift: Tensor

    def __init__(self, network: AnyEmbedder, mean: float, std: float) -> None:
        super().__init__()
        self.network = network
        channels = network.spec.channels
        scale, shift = channel_terms((mean,) * channels, (std,) * channels, channels)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, H, W, C) uint8 to (N, D) float32."""
        planes = image.permute(0, 3, 1, 2).float()
        vector: Tensor = self.network(planes * self.scale + self.shift).vector
        return vector


class DeployableClassifier(nn.Module):
    """A classifier with normalisation before it, as one graph; temperature and softmax are the device's."""

    scale: Tensor
    shift: Tensor

    def __init__(
        self, network: AnyClassifier, channels: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        self.network = network
        scale, shift = channel_terms(mean, std, channels)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, image: Tensor) -> Classified:
        """Map (N, H, W, C) uint8 to logits (N, K) and class activation maps (N, K, h, w), float32."""
        planes = image.permute(0, 3, 1, 2).float()
        answer: Classified = self.network(planes * self.scale + self.shift)
        return answer
