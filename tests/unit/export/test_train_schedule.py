import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch
from torch import nn

from export.train.config import Optimisation
from export.train.schedule import optimiser_of, schedule_of

pytestmark = pytest.mark.export


def rates(**changes: object) -> list[float]:
    optimisation = Optimisation.model_validate(
        {"epochs": 10, "batches_per_epoch": 10, "learning_rate": 0.1, "warmup_share": 0.1} | changes
    )
    optimiser = optimiser_of(nn.Linear(1, 1).parameters(), optimisation)
    schedule = schedule_of(optimiser, optimisation)
    seen: list[float] = []
    for _ in range(100):
        seen.append(float(schedule.get_last_lr()[0]))
        optimiser.step()
        schedule.step()
    return seen


def test_the_rate_rises_and_falls_along_a_cosine() -> None:
    seen = rates()

    assert seen[0] < seen[5] < seen[11]
    assert max(seen) == pytest.approx(0.1, rel=0.01)
    assert seen[11:] == sorted(seen[11:], reverse=True)
    assert seen[-1] < 0.001


def test_the_rate_falls_in_steps_where_it_is_told_to() -> None:
    seen = rates(falls_at=[0.5, 0.8])

    assert (seen[20], seen[49]) == (0.1, 0.1)
    assert seen[50:80] == pytest.approx([0.01] * 30)
    assert seen[80] == pytest.approx(0.001)


def test_sgd_has_momentum() -> None:
    optimisation = Optimisation(epochs=1, batches_per_epoch=1, method="sgd")

    (group,) = optimiser_of([nn.Parameter(torch.zeros(1))], optimisation).param_groups

    assert group["momentum"] == 0.9
