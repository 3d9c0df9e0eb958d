"""The few layers that all networks here share.

Convolutions carry no bias: the batch norm behind them does.
"""

import torch
from torch import nn

__all__ = ["conv_norm", "double_conv", "initialise"]


def conv_norm(in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Build convolution, batch norm and ReLU; the batch norm folds into the convolution at export."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Build the two 3x3 convolutions of one UNet level."""
    return nn.Sequential(conv_norm(in_channels, out_channels), conv_norm(out_channels, out_channels))


@torch.no_grad()
def initialise(network: nn.Module) -> None:
    """Draw He-normal weights for every convolution, as ReLU networks need them."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
