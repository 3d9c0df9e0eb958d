import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from pydantic import ValidationError  # noqa: E402

from export.networks.deploy import Deployable, normalise  # noqa: E402
from export.networks.spec import NetworkSpec  # noqa: E402
from export.networks.unet import build_network  # noqa: E402

pytestmark = pytest.mark.export

SPECS = [
    NetworkSpec(kind=kind, classes=4, base_channels=4, depth=depth, stem_stride=stride, image_head=head)
    for kind in ("unet", "unet-lite")
    for depth, stride, head in ((1, 1, False), (3, 2, True))
] + [
    NetworkSpec(kind="unet-efficient", classes=4, base_channels=4, depth=4, stem_stride=2, image_head=head)
    for head in (False, True)
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_answers_every_pixel_of_a_picture_whose_sides_are_multiples_of_the_stride(spec: NetworkSpec) -> None:
    network = build_network(spec).eval()
    height, width = 2 * spec.stride, 3 * spec.stride

    pixels, image = network(torch.randn(2, 3, height, width))

    assert pixels.shape == (2, 4, height, width)
    assert (image is not None) == spec.image_head
    assert image is None or image.shape == (2, 3)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_every_parameter_takes_part_in_learning(spec: NetworkSpec) -> None:
    network = build_network(spec).train()

    pixels, _ = network(torch.randn(2, 3, 4 * spec.stride, 4 * spec.stride))
    pixels.square().sum().backward()

    unused = [name for name, value in network.named_parameters() if value.grad is None]
    assert unused == []


def test_the_quantisation_friendly_network_has_no_layer_that_stays_float() -> None:
    lite = build_network(NetworkSpec(kind="unet-lite", classes=2, base_channels=4, depth=2))
    classical = build_network(NetworkSpec(kind="unet", classes=2, base_channels=4, depth=2))

    assert not any(isinstance(module, torch.nn.ConvTranspose2d) for module in lite.modules())
    assert any(isinstance(module, torch.nn.ConvTranspose2d) for module in classical.modules())


def test_no_level_gets_more_channels_than_allowed() -> None:
    network = build_network(NetworkSpec(classes=2, base_channels=8, depth=4, max_channels=16))

    widest = max(m.out_channels for m in network.modules() if isinstance(m, torch.nn.Conv2d))

    assert widest == 16


def test_the_image_head_biases_all_pixels_towards_the_classes_it_sees() -> None:
    network = build_network(NetworkSpec(classes=3, base_channels=4, depth=1, image_head=True)).eval()
    picture = torch.randn(1, 3, 16, 16)
    before = network(picture)
    assert network.image_head is not None
    with torch.no_grad():
        network.image_head.score.get_parameter("bias")[2] += 2.0

    after = network(picture)

    shift = (after.pixels - before.pixels).mean((0, 2, 3))
    assert torch.allclose(shift, torch.tensor([0.0, 0.0, 2.0]), atol=1e-5)


def test_the_deployable_form_takes_bytes_and_returns_probabilities() -> None:
    network = build_network(NetworkSpec(classes=3, base_channels=4, depth=2))
    deployable = Deployable(network, (0.5, 0.4, 0.3), (0.25, 0.2, 0.3)).eval()
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 16, 24, 3), np.uint8))

    probabilities = deployable(image)

    assert probabilities.shape == (1, 3, 16, 24)
    assert probabilities.dtype == torch.float32
    assert torch.allclose(probabilities.sum(1), torch.ones(1, 16, 24), atol=1e-5)


def test_training_and_deployment_normalise_alike() -> None:
    network = build_network(NetworkSpec(classes=3, base_channels=4, depth=2)).eval()
    mean, std = (0.5, 0.4, 0.3), (0.25, 0.2, 0.3)
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), np.uint8))

    trained = network(normalise(image, mean, std)).pixels.softmax(1)

    assert torch.allclose(Deployable(network, mean, std).eval()(image), trained, atol=1e-6)


def test_normalisation_follows_mean_and_standard_deviation_per_channel() -> None:
    image = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)

    normalised = normalise(image, (0.5, 0.2, 0.0), (0.25, 0.1, 0.5))

    assert torch.allclose(normalised.flatten(), torch.tensor([-2.0, 0.0, 2.0]), atol=1e-6)


def test_an_encoder_of_another_depth_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected depth 4 and stem_stride 2, got 3 and 2"):
        NetworkSpec(kind="unet-efficient", classes=2, depth=3, stem_stride=2)


def test_an_unknown_key_of_a_spec_is_refused() -> None:
    with pytest.raises(ValidationError, match="heads"):
        NetworkSpec.model_validate({"classes": 3, "heads": 2})
