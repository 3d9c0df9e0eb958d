"""Starts a training from finished weights: of a bundle, to adapt it to other pictures, or of ImageNet.

For a bundle every batch norm was folded into its convolution. Here each gets statistics back, measured on
training crops, with the scale and the shift that make it answer as it did folded.
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from edgevision.bundle.archive import open_bundle
from edgevision.errors import UsageError
from export.networks.imagenet_efficient import IMAGENET, load_efficientnet
from export.networks.unet import AnyUNet, UNetEfficient

__all__ = ["start_from"]

_PREFIX = "network."
_OUTPUT = ("output.weight", "output.bias")


@torch.no_grad()
def start_from(network: AnyUNet, file: Path, crops: Tensor) -> None:
    """Give a network the weights of a bundle of the same shape, or a `unet-efficient` those of ImageNet.

    Where the number of labels differs, the output layer begins anew.

    Args:
        network: In training mode afterwards, as it was before.
        file: A bundle, an EfficientNet-Lite0 (.pth), or `imagenet` for the one that the extra export
            brings.
        crops: (N, 3, H, W) normalised training crops to measure batch statistics on.

    Raises:
        BundleError: the bundle is refused.
        UsageError: the file holds another network.
    """
    if file == IMAGENET or file.suffix == ".pth":
        _start_from_imagenet(network, file)
    else:
        _start_from_bundle(network, file, crops)


def _start_from_imagenet(network: AnyUNet, file: Path) -> None:
    if not isinstance(network, UNetEfficient):
        raise UsageError(
            f"--start {file}: expected network kind unet-efficient, got {network.spec.kind}; name a bundle "
            "or change the kind"
        )
    load_efficientnet(network.encoder, file)


def _start_from_bundle(network: AnyUNet, bundle: Path, crops: Tensor) -> None:
    folded = _folded_weights(bundle)
    weights = network.state_dict()
    for name, norm in _norms(network):
        folded[f"{name}.1.bias"] = folded.pop(f"{name}.0.weight_bias", torch.empty(0))
        folded[f"{name}.1.weight"] = torch.ones_like(norm.weight)
        folded[f"{name}.1.running_mean"] = torch.zeros_like(norm.running_mean)  # type: ignore[arg-type]
        folded[f"{name}.1.running_var"] = torch.full_like(norm.running_var, 1 - norm.eps)  # type: ignore[arg-type]
        folded[f"{name}.1.num_batches_tracked"] = torch.tensor(0)
    folded.update({name: weights[name] for name in _OUTPUT if folded[name].shape != weights[name].shape})
    shapes = {name: value.shape for name, value in folded.items()}
    if shapes != {name: value.shape for name, value in weights.items()}:
        raise UsageError(f"{bundle}: expected the network of the configuration, got another; change either")
    network.load_state_dict(folded)
    _measure_statistics(network, crops)


def _folded_weights(bundle: Path) -> dict[str, Tensor]:
    opened = open_bundle(bundle)
    model = onnx.load_from_string(opened.read(opened.manifest.models["fp32"].file))
    return {
        value.name.removeprefix(_PREFIX): torch.from_numpy(onnx.numpy_helper.to_array(value).copy())
        for value in model.graph.initializer
        if value.name.startswith(_PREFIX)
    }


def _norms(network: nn.Module) -> Iterator[tuple[str, nn.BatchNorm2d]]:
    """Yield each block of convolution and batch norm by its name, with its batch norm."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential) and len(module) > 1 and isinstance(module[1], nn.BatchNorm2d):
            yield name, module[1]


def _measure_statistics(network: nn.Module, crops: Tensor) -> None:
    """Replace the neutral statistics of every batch norm by those of its input."""
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def watch(name: str, norm: nn.BatchNorm2d) -> torch.utils.hooks.RemovableHandle:
        def note(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            variance, mean = torch.var_mean(inputs[0].float(), (0, 2, 3))
            seen[name] = mean, variance

        return norm.register_forward_pre_hook(note)

    norms = dict(_norms(network))
    handles = [watch(name, norm) for name, norm in norms.items()]
    network.eval()(crops)
    network.train()
    for handle in handles:
        handle.remove()
    for name, norm in norms.items():
        mean, variance = seen[name]
        norm.bias.add_(mean)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.running_mean = mean
        norm.running_var = variance
