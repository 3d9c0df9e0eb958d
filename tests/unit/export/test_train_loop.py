import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from edgevision.errors import UsageError  # noqa: E402
from export.train.checkpoint import load_state, load_trained, save_state  # noqa: E402
from export.train.config import TrainConfig  # noqa: E402
from export.train.loop import train_unet  # noqa: E402

pytestmark = pytest.mark.export


def write_set(root: Path, count: int = 8) -> Path:
    """Write pictures with a bright disc of class 1 or a dark square of class 2 on grey noise."""
    for folder in ("images", "masks", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        image = rng.integers(110, 140, (64, 64, 3), np.uint8)
        mask = np.zeros((64, 64), np.uint8)
        x, y = (int(value) for value in rng.integers(18, 46, 2))
        if index % 2:
            cv2.circle(mask, (x, y), 12, 1, cv2.FILLED)
        else:
            cv2.rectangle(mask, (x - 10, y - 10), (x + 10, y + 10), 2, cv2.FILLED)
        image[mask == 1], image[mask == 2] = 240, 10
        cv2.imwrite(str(root / "images" / f"n_{index}.png"), image)
        cv2.imwrite(str(root / "masks" / f"n_{index}.png"), mask)
    names = [f"n_{index}" for index in range(count)]
    for split in ("train", "val"):
        (root / "ImageSets" / "Segmentation" / f"{split}.txt").write_text("\n".join(names))
    return root


def config(**optimisation: object) -> TrainConfig:
    settings = {
        "epochs": 4,
        "batches_per_epoch": 10,
        "batch_size": 4,
        "learning_rate": 0.01,
        "ema_decay": 0.8,
    }
    return TrainConfig.model_validate(
        {
            "schema": "edgevision.training/1",
            "name": "toy",
            "labels": ["background", "disc", "square"],
            "line_like": ["disc"],
            "network": {"classes": 3, "base_channels": 4, "depth": 2},
            "view": {"size_wh": [32, 32], "scaling": "stretch"},
            "data": {"kind": "folder"},
            "optimisation": {**settings, "precision": "fp32", **optimisation},
        }
    )


def test_learns_what_the_pictures_show_and_reports_it(tmp_path: Path) -> None:
    result = train_unet(config(epochs=8), tmp_path / "out", data_dir=write_set(tmp_path / "set"), threads=1)

    assert result.metrics.mean_iou > 0.6
    trained = load_trained(result.checkpoint)
    assert trained.labels == ("background", "disc", "square")
    assert trained.metrics["mean_iou"] == pytest.approx(result.metrics.mean_iou, abs=1e-6)
    page = result.report.read_text("utf-8")
    assert "Mean IoU" in page
    assert 'src="http' not in page
    assert cv2.imread(str(tmp_path / "out" / "curves.png")) is not None
    history = json.loads((tmp_path / "out" / "history.json").read_text())
    assert [entry[0] for entry in history] == [*range(1, 9)]


def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set")
    whole = train_unet(config(), tmp_path / "whole", data_dir=data, threads=1)
    parts = tmp_path / "parts"
    begun = train_unet(config(), parts, data_dir=data, threads=1, minutes=1e-9)

    resumed = train_unet(config(), parts, data_dir=data, resume=True, threads=1)

    first, second = (load_trained(result.checkpoint) for result in (whole, resumed))
    assert (begun.epochs, resumed.epochs, whole.epochs) == (1, 4, 4)
    for name, value in first.network.state_dict().items():
        assert torch.allclose(value, second.network.state_dict()[name], atol=1e-5), name


def test_stops_when_no_epoch_was_better_for_long(tmp_path: Path) -> None:
    settings = config(epochs=50, batches_per_epoch=1, learning_rate=1e-7, patience_epochs=2)

    result = train_unet(settings, tmp_path / "out", data_dir=write_set(tmp_path / "set", 2), threads=1)

    assert result.epochs < 10


def test_resuming_without_or_with_a_foreign_checkpoint_is_a_usage_error(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", 2)
    with pytest.raises(UsageError, match="no checkpoint to resume from"):
        train_unet(config(), tmp_path / "out", data_dir=data, resume=True, threads=1)
    save_state(tmp_path / "out" / "last.pt", {"network": {"classes": 9}})
    with pytest.raises(UsageError, match=r"network\.classes: expected 3 as configured, got 9; resume with"):
        train_unet(config(), tmp_path / "out", data_dir=data, resume=True, threads=1)
    save_state(tmp_path / "out" / "last.pt", {"detector": {}})
    with pytest.raises(UsageError, match=r"with a network, got one with detector; resume in the folder"):
        train_unet(config(), tmp_path / "out", data_dir=data, resume=True, threads=1)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"network": {"classes": 3, "base_channels": 8, "depth": 2}}, r"base_channels: expected 8 .* got 4"),
        ({"labels": ["background", "square", "disc"]}, r"labels: expected .*'square', 'disc'.* got .*"),
        ({"optimisation": {"method": "sgd"}}, r"optimisation\.method: expected sgd as configured, got adamw"),
    ],
)
def test_resuming_with_another_network_labels_or_optimiser_is_a_usage_error(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    data, begun = write_set(tmp_path / "set", 2), config(epochs=2, batches_per_epoch=1)
    train_unet(begun, tmp_path / "out", data_dir=data, threads=1, minutes=1e-9)
    said = begun.model_dump(by_alias=True)
    changes["optimisation"] = {**said["optimisation"], **changes.get("optimisation", {})}
    other = TrainConfig.model_validate({**said, **changes})

    with pytest.raises(UsageError, match=complaint):
        train_unet(other, tmp_path / "out", data_dir=data, resume=True, threads=1)


def test_resuming_may_last_longer_and_learn_at_another_rate(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", 2)
    settings = {"batches_per_epoch": 1, "epochs": 1}
    train_unet(config(**settings), tmp_path / "out", data_dir=data, threads=1)

    longer = config(**{**settings, "epochs": 2, "learning_rate": 0.001})

    assert train_unet(longer, tmp_path / "out", data_dir=data, resume=True, threads=1).epochs == 2


def test_training_without_usable_pictures_says_what_is_wrong(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", 2)
    for mask in (data / "masks").iterdir():
        mask.unlink()

    with pytest.raises(UsageError, match="no such mask"):
        train_unet(config(), tmp_path / "out", data_dir=data, threads=1)
    with pytest.raises(UsageError, match="--data"):
        train_unet(config(), tmp_path / "out", threads=1)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(UsageError, match=r"text\.pt"):
        load_state(tmp_path / "text.pt")
    save_state(tmp_path / "part.pt", {"labels": ["background", "crack"]})
    with pytest.raises(UsageError, match="missing network, weights"):
        load_trained(tmp_path / "part.pt")


def test_a_users_own_checkpoint_needs_network_labels_and_weights_only(tmp_path: Path) -> None:
    from export.networks.spec import NetworkSpec
    from export.networks.unet import build_network

    network = build_network(NetworkSpec(kind="unet", classes=2, base_channels=4, depth=1))
    torch.save(
        {
            "network": {"kind": "unet", "base_channels": 4, "depth": 1},
            "labels": ["background", "crack"],
            "weights": network.state_dict(),
        },
        tmp_path / "mine.pt",
    )

    trained = load_trained(tmp_path / "mine.pt")

    picture = torch.randn(1, 3, 8, 8)
    assert torch.allclose(trained.network(picture).pixels, network.eval()(picture).pixels)
