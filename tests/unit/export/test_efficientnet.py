"""The encoder that knows ImageNet: its maps, and that its weights land where they belong or are refused."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from edgevision.errors import UsageError  # noqa: E402
from export.networks.efficientnet import EfficientNetLite0  # noqa: E402
from export.networks.imagenet_efficient import IMAGENET, load_efficientnet  # noqa: E402
from export.networks.spec import NetworkSpec  # noqa: E402
from export.networks.unet import UNetEfficient, build_network  # noqa: E402
from export.train.start import start_from  # noqa: E402

pytestmark = pytest.mark.export

CROPS = torch.zeros(1, 3, 32, 32)


def efficient() -> UNetEfficient:
    spec = NetworkSpec(
        kind="unet-efficient", classes=3, base_channels=4, max_channels=8, depth=4, stem_stride=2
    )
    network = build_network(spec)
    assert isinstance(network, UNetEfficient)
    return network


def test_maps_come_at_five_resolutions() -> None:
    maps = EfficientNetLite0().eval()(torch.zeros(1, 3, 64, 96))

    shapes = [tuple(one.shape[1:]) for one in maps]
    assert shapes == [(16, 32, 48), (24, 16, 24), (40, 8, 12), (112, 4, 6), (320, 2, 3)]


def test_every_tensor_of_the_encoder_comes_from_imagenet() -> None:
    network = EfficientNetLite0()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    report = load_efficientnet(network, IMAGENET)

    weights = {name: value for name, value in network.state_dict().items() if value.is_floating_point()}
    assert [name for name, value in weights.items() if torch.equal(value, before[name])] == []
    assert len(report.matched) == len(before)
    assert {name.split(".")[0] for name in report.unexpected} == {"_conv_head", "_bn1", "_fc"}


def test_decoder_and_output_stay_as_they_were() -> None:
    network = efficient()
    before = network.get_parameter("decoder.0.0.0.weight").detach().clone()
    start_from(network, IMAGENET, CROPS)

    assert torch.equal(network.get_parameter("decoder.0.0.0.weight"), before)


@pytest.mark.parametrize("name", ["features.0.weight", "_blocks.0._depthwise_conv.conv.weight"])
def test_another_file_of_weights_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "other.pth"
    torch.save({name: torch.zeros(4, 3, 3, 3)}, file)

    with pytest.raises(UsageError, match="expected the weights of an EfficientNet-Lite0"):
        start_from(efficient(), file, CROPS)


def test_imagenet_fits_no_other_kind_of_network() -> None:
    lite = build_network(NetworkSpec(kind="unet-lite", classes=3, base_channels=4, depth=2))

    with pytest.raises(UsageError, match="expected network kind unet-efficient, got unet-lite"):
        start_from(lite, IMAGENET, CROPS)


def test_depthwise_convolutions_stay_float_where_others_do_not() -> None:
    block = EfficientNetLite0().train().get_submodule("blocks.1")
    types = {}
    for name in ("widen.0", "spread.0"):
        block.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, answer, name=name: types.update({name: answer.dtype})
        )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        block(torch.randn(2, 16, 8, 8))

    assert types == {"widen.0": torch.bfloat16, "spread.0": torch.float32}
