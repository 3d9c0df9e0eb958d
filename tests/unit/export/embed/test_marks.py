import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch

from edgevision.capture.sample import mark_pattern, render_part
from export.detect.line import mark_box
from export.embed.marks import Grounds, MarkDraw, canonical_similarity
from export.networks.embedder import Upright

pytestmark = pytest.mark.export


def test_a_crop_turned_by_its_known_position_shows_the_mark_upright() -> None:
    draw = MarkDraw(Grounds(3, 2), side_px=112, margin=0.1, jitter=0.02)
    upright = Upright(1, 112, 66)

    likeness = []
    for number in range(6):
        crop = draw.crop(np.random.default_rng(number), 1000 + number)
        planes = torch.from_numpy(crop.image.astype(np.float32))[None, None]
        shown = upright.turned(planes, torch.from_numpy(crop.similarity)[None])[0, 0].numpy()
        pattern = cv2.resize(mark_pattern(1000 + number), (66, 66), interpolation=cv2.INTER_AREA)
        likeness.append(abs(np.corrcoef(shown.ravel(), pattern.ravel().astype(np.float64))[0, 1]))

    assert min(likeness) > 0.6


def test_the_same_generator_draws_the_same_crop() -> None:
    draw = MarkDraw(Grounds(3, 2), side_px=48, margin=0.1, jitter=0.05)

    first, second = (draw.crop(np.random.default_rng(5), 1234) for _ in range(2))

    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.similarity, second.similarity)


def test_an_upright_square_that_fills_the_crop_needs_no_turning() -> None:
    corners = np.array([[0, 0], [100, 0], [100, 100], [0, 100]], float) - 0.5

    assert canonical_similarity(corners, 100) == pytest.approx([1, 0, 0, 0], abs=1e-6)


def test_another_variant_changes_nothing_but_the_mark_and_lies_where_the_truth_says() -> None:
    plain, other = render_part(4, 2), render_part(4, 2, variant_id=4321)

    box = mark_box(other)

    assert box == mark_box(plain)
    assert box is not None
    changed = np.argwhere((plain.image_bgr != other.image_bgr).any(axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert box[0] - 5 <= left <= right <= box[2] + 5
    assert box[1] - 5 <= top <= bottom <= box[3] + 5
