"""The few layers that all networks here share.

Convolutions carry no bias: the batch norm behind them does.
"""

from collections.abc import Sequence

import torch
from torch import nn

__all__ = ["conv_norm", "double_conv", "logit_layer"]


def conv_norm(in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Build convolution, batch norm and ReLU; the batch norm folds into the convolution at export."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build the two 3x3 convolutions of one UNet level."""
    return nn.Sequential(conv_norm(in_channels, out_channels), conv_norm(out_channels, out_channels))


@torch.no_grad()
def logit_layer(in_channels: int, prior_logits: Sequence[float]) -> nn.Conv2d:
    """Build a 1x1 convolution that begins near `prior_logits`, whatever it sees.

    A network that begins by calling all classes equally likely spends its first hundreds of
    steps on learning only that nearly every pixel is background.
    """
    layer = nn.Conv2d(in_channels, len(prior_logits), 1)
    nn.init.normal_(layer.weight, std=0.1)
    assert layer.bias is not None
    layer.bias.copy_(torch.tensor(prior_logits))
    return layer
