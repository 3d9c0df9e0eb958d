"""Starting from a bundle: the network answers as the bundle's float model does, or is refused."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import torch

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.resolve import find_bundle
from edgevision.errors import UsageError
from export.networks.deploy import Deployable, normalise
from export.networks.spec import NetworkSpec
from export.networks.unet import build_network
from export.train.start import start_from

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


@pytest.fixture
def shipped() -> Path:
    return find_bundle("builtin:surface-crack", Path())


def spec(base_channels: int = 16, classes: int = 4) -> NetworkSpec:
    return NetworkSpec(kind="unet-lite", classes=classes, base_channels=base_channels, depth=4)


def pictures(count: int) -> npt.NDArray[np.uint8]:
    """Return (N, 256, 256, 3) uint8 of smooth random colours."""
    coarse = torch.from_numpy(np.random.default_rng(7).uniform(0, 255, (count, 3, 16, 16)))
    smooth = torch.nn.functional.interpolate(coarse, size=(256, 256), mode="bilinear")
    return smooth.permute(0, 2, 3, 1).numpy().astype(np.uint8)


def test_the_network_answers_as_the_bundle_did(shipped: Path) -> None:
    network = build_network(spec())
    images = pictures(4)
    start_from(network, shipped, normalise(torch.from_numpy(images), MEAN, STD))
    bundle = open_bundle(shipped)
    session = onnxruntime.InferenceSession(bundle.read(bundle.manifest.models["fp32"].file))
    expected = session.run(None, {session.get_inputs()[0].name: images[:1]})[0]
    assert network.training
    with torch.inference_mode():
        answer = Deployable(network.eval(), MEAN, STD)(torch.from_numpy(images[:1])).numpy()
    np.testing.assert_allclose(answer, expected, atol=1e-4)


def test_statistics_are_those_of_the_crops(shipped: Path) -> None:
    network = build_network(spec())
    crops = normalise(torch.from_numpy(pictures(4)), MEAN, STD)
    start_from(network, shipped, crops)
    with torch.inference_mode():
        as_trained = network.train()(crops).pixels
        as_deployed = network.eval()(crops).pixels
    assert float((as_trained - as_deployed).abs().max()) < 0.05 * float(as_deployed.abs().max())


def test_other_labels_keep_the_body_and_begin_with_a_new_output(shipped: Path) -> None:
    network = build_network(spec(classes=6))
    fresh = network.output.weight.detach().clone()
    body = network.get_parameter("encoder.0.0.0.weight").detach().clone()
    start_from(network, shipped, normalise(torch.from_numpy(pictures(2)), MEAN, STD))
    assert torch.equal(network.output.weight, fresh)
    assert not torch.equal(network.get_parameter("encoder.0.0.0.weight"), body)


def test_another_network_is_refused(shipped: Path) -> None:
    network = build_network(spec(base_channels=8))
    with pytest.raises(UsageError, match="expected the network of the configuration"):
        start_from(network, shipped, normalise(torch.from_numpy(pictures(1)), MEAN, STD))
