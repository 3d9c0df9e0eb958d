"""EfficientNet-Lite0 as a classifier: begins with ImageNet's weights, sees colour only."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from pydantic import ValidationError  # noqa: E402

from edgevision.errors import UsageError  # noqa: E402
from export.classify.config import ClassifyConfig  # noqa: E402
from export.classify.start import start_from  # noqa: E402
from export.networks.classifiers import build_classifier  # noqa: E402
from export.networks.imagenet_efficient import IMAGENET  # noqa: E402
from tests.unit.export.classify.test_end_to_end import CONFIG  # noqa: E402

pytestmark = pytest.mark.export

EFFICIENT = {**CONFIG, "network": "efficient", "view": {"size_wh": [32, 32]}}


def test_its_encoder_begins_with_imagenet_and_its_classes_anew() -> None:
    config = ClassifyConfig.model_validate(EFFICIENT)
    network = build_classifier(config.spec)
    classes = network.get_parameter("classes.weight").detach().clone()

    report = start_from(config, network, IMAGENET)

    assert report is not None
    assert report.missing == ()
    assert torch.equal(network.get_parameter("classes.weight"), classes)


def test_grey_pictures_are_refused_where_they_are_configured() -> None:
    with pytest.raises(ValidationError, match="expected RGB for the network efficient, got GRAY"):
        ClassifyConfig.model_validate({**EFFICIENT, "view": {"size_wh": [32, 32], "color": "GRAY"}})


def test_a_network_without_such_an_encoder_takes_no_imagenet(tmp_path: Path) -> None:
    config = ClassifyConfig.model_validate({**CONFIG, "network": "light"})
    with pytest.raises(UsageError, match="expected network unet-lite, efficient or vgg16-bn, got light"):
        start_from(config, build_classifier(config.spec), tmp_path / "any.pth")
