"""The form in which a network leaves the workstation: bytes in, probabilities out.

Normalisation lies inside, so that the device only resizes. Conversion to ONNX is `export.convert`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from export.networks.unet import UNet, UNetLite

__all__ = ["OUTPUT_NAME", "Deployable", "normalise"]

OUTPUT_NAME = "probabilities"


def normalise(batch_nhwc: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Turn (N, H, W, 3) uint8 RGB into (N, 3, H, W) float32, `(x / 255 - mean) / std` per channel."""
    scale = torch.tensor([1.0 / (255.0 * s) for s in std]).view(1, 3, 1, 1)
    shift = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)]).view(1, 3, 1, 1)
    return batch_nhwc.permute(0, 3, 1, 2).float() * scale.to(batch_nhwc.device) + shift.to(batch_nhwc.device)


class Deployable(nn.Module):
    """A network with normalisation before and softmax behind it, as one graph.

    The factor and the shift per channel are one multiplication and one addition, which an
    engine folds into the first convolution's quantisation.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: UNet | UNetLite, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        scale = torch.tensor([1.0 / (255.0 * s) for s in std])
        shift = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)])
        self.register_buffer("scale", scale.view(1, 3, 1, 1))
        self.register_buffer("shift", shift.view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, H, W, 3) uint8 RGB to (N, C, H, W) float32 probabilities that sum to 1 over C."""
        planes = image.permute(0, 3, 1, 2).float()
        return torch.softmax(self.network(planes * self.scale + self.shift).pixels, dim=1)
