"""Begins the training of a classifier with weights of others: ImageNet's, or of a segmenter."""

from pathlib import Path

from edgevision.errors import UsageError
from export.classify.config import ClassifyConfig
from export.networks.classifiers import AnyClassifier
from export.networks.efficientnet import EfficientNetLite0
from export.networks.imagenet import load_imagenet
from export.networks.imagenet_efficient import load_efficientnet
from export.networks.loading import LoadReport
from export.networks.mapped import MapClassifier
from export.train.checkpoint import load_trained

__all__ = ["start_from"]


def start_from(config: ClassifyConfig, network: AnyClassifier, file: Path | None) -> LoadReport | None:
    """Give a network the weights of a file, and say what became of every tensor where not all must fit.

    Args:
        config: Of the training.
        network: Of a training that begins.
        file: For `unet-lite` the checkpoint of the segmenter whose maps it weighs, which it cannot do
            without; for `vgg16-bn`, if one likes, an ImageNet VGG16 with batch norm; for `efficient` an
            EfficientNet-Lite0 or `IMAGENET`.

    Raises:
        UsageError: the file does not fit, or is missing.
    """
    if isinstance(network, MapClassifier):
        _take_segmenter(config, network, file)
        return None
    if file is None:
        return None
    for module in network.modules():
        if isinstance(module, EfficientNetLite0):
            return load_efficientnet(module, file)
    if config.network != "vgg16-bn":
        raise UsageError(
            f"--start {file}: expected network unet-lite, efficient or vgg16-bn, got {config.network}; leave "
            "it out"
        )
    return load_imagenet(network, file)


def _take_segmenter(config: ClassifyConfig, network: MapClassifier, file: Path | None) -> None:
    if file is None:
        raise UsageError("network unet-lite: expected a segmenter of the same labels; name it with --start")
    segmenter = load_trained(file)
    if segmenter.spec != network.segmenter.spec or segmenter.labels[1:] != config.labels[1:]:
        raise UsageError(
            f"{file}: expected {network.segmenter.spec} of {', '.join(config.labels[1:])}, got "
            f"{segmenter.spec} of {', '.join(segmenter.labels[1:])}; train the one or change the other"
        )
    network.segmenter.load_state_dict(segmenter.network.state_dict())
