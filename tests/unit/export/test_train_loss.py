import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from torch import Tensor  # noqa: E402

from export.networks.unet import Logits  # noqa: E402
from export.train.config import LossWeights  # noqa: E402
from export.train.loss import segmentation_loss  # noqa: E402

pytestmark = pytest.mark.export


def onehot(class_map: Tensor, classes: int = 3) -> Tensor:
    planes: Tensor = torch.nn.functional.one_hot(class_map, classes).permute(0, 3, 1, 2).float()
    return planes


def logits_of(shares: Tensor) -> Logits:
    return Logits(shares.clamp_min(1e-9).log(), None)


def dice_part(shares: Tensor, truth: Tensor) -> float:
    """The loss with Dice, less that without."""
    with_dice, without = (
        segmentation_loss(logits_of(shares), truth, LossWeights(dice=weight)) for weight in (1.0, 0.0)
    )
    return float(with_dice - without)


def test_dice_is_nothing_for_the_truth_and_all_for_its_opposite() -> None:
    truth = torch.zeros(2, 4, 4, dtype=torch.int64)
    truth[0, 1] = 1

    assert dice_part(onehot(truth), truth) == pytest.approx(0.0, abs=1e-5)
    assert dice_part(onehot(torch.zeros_like(truth)), truth) == pytest.approx(1.0, abs=1e-5)


def test_dice_leaves_out_classes_that_the_batch_does_not_show() -> None:
    truth = torch.zeros(1, 4, 4, dtype=torch.int64)
    truth[0, 0] = 1
    uncertain = onehot(truth) * 0.8 + 0.2 / 3

    inside, total = 4 * (0.8 + 0.2 / 3), 4 + 4 * 0.8 + 16 * 0.2 / 3
    assert dice_part(uncertain, truth) == pytest.approx(1 - 2 * inside / total, rel=1e-4)
    assert dice_part(uncertain, torch.zeros_like(truth)) == pytest.approx(0.0, abs=1e-6)


def test_the_loss_falls_towards_the_truth_and_weighs_the_image_head() -> None:
    truth = torch.zeros(1, 4, 4, dtype=torch.int64)
    truth[0, 1] = 2
    right = Logits(onehot(truth) * 20, torch.tensor([[-20.0, 20.0]]))
    wrong_image = Logits(onehot(truth) * 20, torch.tensor([[20.0, -20.0]]))
    weights = LossWeights(dice=1.0, image=0.5)

    assert segmentation_loss(right, truth, weights).item() == pytest.approx(0.0, abs=1e-4)
    assert segmentation_loss(wrong_image, truth, weights).item() == pytest.approx(10.0, rel=1e-3)


def test_class_weights_make_their_pixels_count_more() -> None:
    truth = torch.zeros(1, 2, 2, dtype=torch.int64)
    truth[0, 0] = 1
    background_everywhere = Logits(onehot(torch.zeros_like(truth)) * 5, None)

    plain = segmentation_loss(background_everywhere, truth, LossWeights(dice=0))
    weighted = segmentation_loss(background_everywhere, truth, LossWeights(dice=0, classes=(1, 9, 1)))

    assert weighted > plain * 1.5
