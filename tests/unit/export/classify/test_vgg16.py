"""VGG16 with batch norm: begins with ImageNet's weights, and becomes a bundle that the device measures."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch
from torch import nn

from edgevision.bundle.archive import open_bundle
from edgevision.engines.spec import EngineRequest
from edgevision.errors import UsageError
from export.classify.config import ClassifyConfig
from export.classify.evaluate import evaluate_classify
from export.classify.loop import train_classifier
from export.networks.classifier import Classifier, ClassifierSpec
from export.networks.imagenet import load_imagenet
from export.pipeline import Step, bundle, convert_torch, quantize
from export.sources import load_torch
from export.subjects import names_to_be, open_subject
from export.work import Work
from tests.unit.export.classify.test_end_to_end import CONFIG, DESCRIPTION, pictures

pytestmark = pytest.mark.export

BRIEF = ClassifyConfig.model_validate(
    {
        **CONFIG,
        "network": "vgg16-bn",
        "optimisation": {
            "epochs": 3,
            "batches_per_epoch": 4,
            "batch_size": 4,
            "learning_rate": 0.0003,
            "ema_decay": 0.0,
            "precision": "fp32",
        },
    }
)
WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)


class ImageNetVgg16(nn.Module):
    """The layers of torchvision's vgg16_bn by its names, with random statistics and few dense weights."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        layers: list[nn.Module] = []
        width = 3
        for wider in WIDTHS:
            if wider == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(width, wider, 3, padding=1), nn.BatchNorm2d(wider), nn.ReLU()]
            width = wider
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(4, 4))
        for layer in layers:
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.running_mean, std=0.1)  # type: ignore[arg-type]
                nn.init.uniform_(layer.running_var, 0.1, 0.4)  # type: ignore[arg-type]
            elif isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.bias, std=0.2)  # type: ignore[arg-type]


def saved(weights: dict[str, torch.Tensor], folder: Path) -> Path:
    torch.save(weights, folder / "vgg16_bn.pth")
    return folder / "vgg16_bn.pth"


@pytest.mark.parametrize("channels", [3, 1])
def test_the_features_of_imagenet_are_taken_over_and_what_is_not_is_named(
    tmp_path: Path, channels: int
) -> None:
    published = ImageNetVgg16().eval()
    network = Classifier(
        ClassifierSpec.model_validate({"kind": "vgg16-bn", "classes": 2, "channels": channels})
    )

    report = load_imagenet(network, saved(published.state_dict(), tmp_path))

    picture = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        expected = published.features(picture.repeat(1, 3, 1, 1))
        found = network.eval().features(picture.repeat(1, channels, 1, 1))
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.max()))
    assert float(expected.std()) > 0
    assert report.missing == ("classes.weight", "classes.bias")
    assert report.unexpected == ("classifier.0.weight", "classifier.0.bias")
    assert report.misshapen == ()


def test_a_vgg16_without_batch_norm_is_refused_with_all_that_it_holds(tmp_path: Path) -> None:
    network = Classifier(ClassifierSpec(kind="vgg16-bn", classes=2))
    file = saved(
        {"features.0.weight": torch.ones(64, 3, 3, 3), "features.2.weight": torch.ones(64)}, tmp_path
    )

    with pytest.raises(UsageError, match=r"vgg16_bn[\s\S]*unexpected: 1 tensors of features\.2"):
        load_imagenet(network, file)


def test_it_is_trained_from_imagenet_gated_and_measured_by_the_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = saved(ImageNetVgg16().state_dict(), tmp_path)
    result = train_classifier(BRIEF, tmp_path, pictures(), start=start, threads=1)
    source = load_torch(str(result.checkpoint), DESCRIPTION)
    names = names_to_be(source.description)
    subject = open_subject(
        source.description, source.training, names, str(pictures()), calibration=4, held_out=16
    )
    step = Step(Work(tmp_path), subject, lambda _: None)
    convert_torch(source, 18, subject, step.work)
    assert quantize(step)

    gate = bundle(step, tmp_path / "tiny.zip", "command")

    found = evaluate_classify(
        open_bundle(tmp_path / "tiny.zip"), EngineRequest("onnxruntime", "int8"), pictures(), "val"
    )
    assert "matched: " in capsys.readouterr().err
    assert found["figures"] == pytest.approx(gate.of("int8").figures)
