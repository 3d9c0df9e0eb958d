from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch

from edgevision.errors import UsageError
from export.networks.detector_spec import DetectorSpec
from export.networks.detectors import build_detector, prior_maps
from export.networks.published import load_published
from export.networks.ssd300 import Ssd300, ssd300_prior_maps

pytestmark = pytest.mark.export

LITE = DetectorSpec(classes=3, input_channels=1, widths=(4, 8, 8), blocks=(0, 1, 0), map_strides=(4, 8))


def ssd300(classes: int = 2) -> Ssd300:
    torch.manual_seed(0)
    network = build_detector(DetectorSpec(kind="ssd300-vgg16", classes=classes), (), (300, 300))
    assert isinstance(network, Ssd300)
    return network


def save(weights: dict[str, object], tmp_path: Path) -> Path:
    torch.save(weights, tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def published(weights: dict[str, torch.Tensor]) -> dict[str, object]:
    return {name.replace("l2_norm", "L2Norm"): value for name, value in weights.items()}


@pytest.mark.parametrize("size_wh", [(64, 48), (96, 32)])
def test_ssdlite_answers_one_row_per_prior_at_any_input_size(size_wh: tuple[int, int]) -> None:
    sizes = [[(8.0, 8.0), (12.0, 6.0)], [(24.0, 24.0)]]
    network = build_detector(LITE, sizes, size_wh).eval()

    raw = network(torch.zeros(2, 1, size_wh[1], size_wh[0]))

    rows = sum(one.count for one in prior_maps(LITE, sizes, size_wh))
    assert raw.boxes.shape == (2, rows, 4)
    assert raw.scores.shape == (2, rows, 3)
    assert torch.sigmoid(raw.scores).max() < 0.05


def test_rows_follow_the_cells_of_their_map() -> None:
    sizes = [[(8.0, 8.0)], [(24.0, 24.0)]]
    network = build_detector(LITE, sizes, (64, 64)).eval()
    with torch.no_grad():
        network.get_parameter("heads.0.scores.weight").normal_()
    image = torch.zeros(1, 1, 64, 64)
    image[..., 48:, 4:12] = 50.0

    changed = (network(image).scores - network(torch.zeros_like(image)).scores).abs().sum(2)[0, :256]

    y, x = divmod(int(changed.argmax()), 16)
    assert y >= 10
    assert x <= 5


def test_ssd300_has_the_maps_and_priors_of_the_paper() -> None:
    maps = ssd300_prior_maps((300, 300))

    assert [one.map_wh for one in maps] == [(n, n) for n in (38, 19, 10, 5, 3, 1)]
    assert [len(one.sizes_wh) for one in maps] == [4, 6, 6, 6, 4, 4]
    assert sum(one.count for one in maps) == 8732
    first = [side for size in maps[0].sizes_wh for side in size]
    assert first == pytest.approx([30, 30, 42.43, 42.43, 42.43, 21.21, 21.21, 42.43], abs=0.01)
    assert maps[5].sizes_wh[2][0] == 300


def test_ssd300_answers_relative_to_the_priors_of_the_manifest() -> None:
    network = ssd300().eval()
    for index in range(6):
        torch.nn.init.zeros_(network.get_parameter(f"loc.{index}.weight"))

    boxes = network(torch.zeros(1, 3, 300, 300)).boxes[0].detach()

    # Cell 37 of the first map: published at 37.5 * 8, here at 37.5 * 300 / 38; the prior is 30 wide.
    last = boxes[37 * 4]
    assert float(last[0]) == pytest.approx((37.5 * 8 - 37.5 * 300 / 38) / (0.1 * 30), abs=1e-3)
    assert last[1:].tolist() == pytest.approx([(0.5 * 8 - 0.5 * 300 / 38) / 3, 0, 0], abs=1e-3)


def test_a_published_ssd_fits_whole_and_answers_the_same(tmp_path: Path) -> None:
    source, target = ssd300().eval(), ssd300().eval()
    with torch.no_grad():
        for value in source.parameters():
            value.add_(0.01)

    report = load_published(target, save({"state_dict": published(source.state_dict())}, tmp_path))

    assert (report.missing, report.unexpected, report.misshapen) == ((), (), ())
    assert torch.equal(target.get_parameter("vgg.0.weight"), source.get_parameter("vgg.0.weight"))
    assert torch.equal(target.l2_norm.weight, source.l2_norm.weight)


def test_scores_of_other_classes_begin_anew_and_are_named(tmp_path: Path) -> None:
    report = load_published(
        ssd300(2), save(published(ssd300(20).state_dict()) | {"spare.weight": torch.ones(1)}, tmp_path)
    )

    assert {name.split(".")[0] for name in report.misshapen} == {"conf"}
    assert report.unexpected == ("spare.weight",)
    assert "matched: " in str(report)
    assert "1 tensors of spare" in str(report)


def test_an_imagenet_vgg16_gives_the_backbone_with_thinned_dense_layers(tmp_path: Path) -> None:
    network = ssd300()
    weights = {
        f"features.{name}": value
        for name, value in network.vgg.state_dict().items()
        if int(name.split(".")[0]) < 30
    }
    dense = torch.arange(8 * 512 * 49, dtype=torch.float32).view(8, -1)
    weights |= {"classifier.0.weight": dense.repeat(512, 1), "classifier.0.bias": torch.arange(4096.0)}
    weights |= {"classifier.3.weight": torch.ones(4096, 4096), "classifier.3.bias": torch.ones(4096)}
    weights |= {"classifier.6.weight": torch.ones(1000, 8)}

    report = load_published(network, save(weights, tmp_path))

    assert "vgg.31.weight" in report.matched
    assert {name.split(".")[0] for name in report.missing} == {"l2_norm", "extras", "loc", "conf"}
    assert report.unexpected == ("classifier.6.weight",)
    assert torch.equal(network.get_parameter("vgg.31.bias"), torch.arange(0.0, 4096.0, 4))
    assert torch.equal(network.get_parameter("vgg.31.weight")[0], dense[0].view(512, 7, 7)[:, ::3, ::3])


def test_a_file_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing in it fits:[\s\S]*unexpected: 1 tensors of layer1"):
        load_published(ssd300(), save({"layer1.weight": torch.ones(3)}, tmp_path))
