import math

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch

from export.embed.arcface import ArcFace

pytestmark = pytest.mark.export


def head(scale: float = 4.0) -> ArcFace:
    made = ArcFace(2, 3, scale)
    with torch.no_grad():
        made.directions.copy_(torch.eye(3)[:2])
    return made


def test_the_margin_is_added_to_the_angle_to_ones_own_direction() -> None:
    angle, margin = 0.3, 0.5
    vector = torch.tensor([[math.cos(angle), math.sin(angle), 0.0]]) * 7

    loss = head()(vector, torch.tensor([0]), margin)

    own, other = 4 * math.cos(angle + margin), 4 * math.sin(angle)
    assert loss.item() == pytest.approx(-own + math.log(math.exp(own) + math.exp(other)), rel=1e-4)


def test_turning_away_never_lowers_the_loss_even_where_the_cosine_would_rise_again() -> None:
    angles = torch.linspace(0.0, math.pi, 50)
    vectors = torch.stack([torch.cos(angles), 0 * angles, torch.sin(angles)], dim=1)

    losses = [head()(vector[None], torch.tensor([0]), 0.5).item() for vector in vectors]

    assert losses == sorted(losses)
