import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch

from edgevision.ops.boxes import decode_boxes, prior_boxes
from export.detect.loss import detection_loss
from export.detect.priors import fit_sizes, sizes_per_map
from export.detect.targets import BACKGROUND, IGNORED, Matching, assign
from export.networks.detector_spec import DetectorSpec
from export.networks.detectors import prior_maps
from export.networks.raw import Raw

pytestmark = pytest.mark.export

SPEC = DetectorSpec(classes=2, widths=(4, 4, 8), blocks=(0, 0, 0), map_strides=(4, 8))
PRIORS = prior_boxes(prior_maps(SPEC, [[(12.0, 12.0)], [(24.0, 10.0)]], (96, 64)), (96, 64))


def test_clustering_finds_the_sizes_that_objects_have() -> None:
    rng = np.random.default_rng(0)
    sizes = np.concatenate([rng.normal((20, 20), 1, (50, 2)), rng.normal((90, 40), 2, (50, 2))])

    fitted = fit_sizes(sizes, 2)

    np.testing.assert_allclose(fitted, [[20, 20], [90, 40]], atol=2)
    assert [len(of_map) for of_map in sizes_per_map(fitted, (4, 8))] == [1, 1]


def test_sizes_that_fill_an_empty_map_stay_on_it_when_they_are_given_back() -> None:
    first = sizes_per_map(np.array([[30.0, 28.0]]), (8, 16))
    given_back = np.array([size for of_map in first for size in of_map])

    assert [len(of_map) for of_map in first] == [1, 1]
    assert sizes_per_map(given_back, (8, 16)) == first


def test_priors_that_overlap_an_object_find_it_and_the_others_show_background() -> None:
    box = np.array([[30, 20, 42, 32]], np.float32)

    targets = assign(PRIORS, box, np.array([1]), Matching())

    positive = targets.class_ids == 1
    assert positive.any()
    assert (targets.class_ids[~positive] < 0).all()
    assert (targets.class_ids == BACKGROUND).sum() > len(PRIORS) / 2
    decoded = decode_boxes(targets.offsets[positive], PRIORS[positive])
    np.testing.assert_allclose(decoded, np.repeat(box, positive.sum(), 0), atol=1e-3)


def test_an_object_that_no_prior_fits_still_gets_its_best_one() -> None:
    targets = assign(PRIORS, np.array([[2, 2, 94, 62]], np.float32), np.array([0]), Matching())

    assert (targets.class_ids == 0).sum() == 1


def test_priors_within_an_object_that_does_not_count_are_not_judged() -> None:
    targets = assign(PRIORS, np.array([[0, 0, 48, 64]], np.float32), np.array([IGNORED]), Matching())

    left = PRIORS[:, 0] + PRIORS[:, 2] / 2 < 48
    assert (targets.class_ids[left] == IGNORED).all()
    assert (targets.class_ids[PRIORS[:, 0] > 60] == BACKGROUND).all()


@pytest.mark.parametrize("kind", ["focal", "multibox"])
def test_the_right_answer_costs_nearly_nothing_and_wrong_ones_more(kind: str) -> None:
    classes = torch.tensor([[0, BACKGROUND, IGNORED, BACKGROUND, BACKGROUND, BACKGROUND]])
    offsets = torch.zeros(1, 6, 4)
    columns = 3 if kind == "multibox" else 2
    first = columns - 2
    right = torch.full((1, 6, columns), -20.0)
    if first:
        right[..., 0] = 20.0
    right[0, 0] = -20.0
    right[0, 0, first] = 20.0
    ignored = right.clone()
    ignored[0, 2] = torch.tensor([20.0] * columns)
    wrong_class, wrong_box = right.clone(), offsets + 3
    wrong_class[0, 0] = -20.0
    wrong_class[0, 0, -1] = 20.0
    false_alarm = right.clone()
    false_alarm[0, 4, -1] = 30.0

    def loss(scores: torch.Tensor, boxes: torch.Tensor = offsets) -> float:
        return float(detection_loss(Raw(boxes, scores), offsets, classes, kind))  # type: ignore[arg-type]

    assert loss(right) < 1e-3
    assert loss(ignored) == pytest.approx(loss(right))
    for scores, boxes in ((wrong_class, offsets), (false_alarm, offsets), (right, wrong_box)):
        assert loss(scores, boxes) > 1


def test_multibox_counts_three_of_the_worst_background_priors_per_object() -> None:
    scores = torch.zeros(1, 10, 2)
    classes = torch.full((1, 10), BACKGROUND)
    classes[0, 0] = 0
    offsets = torch.zeros(1, 10, 4)

    loss = detection_loss(Raw(offsets, scores), offsets, classes, "multibox")

    assert float(loss) == pytest.approx(4 * np.log(2), rel=1e-5)
