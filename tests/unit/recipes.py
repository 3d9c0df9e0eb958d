"""Builds recipes and defects for the tests of what judges and runs them."""

from typing import Any

import numpy as np

from edgevision.recipe import Recipe
from edgevision.types import Defect, Frame, RecipeRef, Truth

__all__ = ["RECIPE_REF", "make_defect", "make_frame", "make_recipe"]

RECIPE_REF = RecipeRef("test", "1.0", "ab" * 32)


def make_recipe(*rules: dict[str, Any], **fields: Any) -> Recipe:
    """Return a recipe of these rules; each gets a name unless it has one."""
    named = [{"name": f"rule-{index}"} | rule for index, rule in enumerate(rules)]
    return Recipe.model_validate(
        {
            "schema": "edgevision.recipe/1",
            "name": "test",
            "version": "1.0",
            "tasks": [{"name": "surface", "bundle": "builtin:surface-crack"}],
            "rules": named or [{"name": "any", "max_count": 0}],
        }
        | fields
    )


def make_defect(
    label: str = "crack",
    score: float = 0.9,
    box_xyxy: tuple[int, int, int, int] = (100, 50, 140, 60),
    *,
    length_px: float | None = None,
    width_px: float | None = None,
    px_per_mm: float | None = None,
) -> Defect:
    """Return a defect that fills its box."""
    left, top, right, bottom = box_xyxy
    corners = [[left, top], [right - 1, top], [right - 1, bottom - 1], [left, bottom - 1]]
    return Defect(
        label=label,
        class_id=1,
        score=score,
        box_xyxy=box_xyxy,
        area_px=float((right - left) * (bottom - top)),
        outline_xy=np.array(corners, np.int32),
        length_px=length_px,
        width_max_px=width_px,
        width_mean_px=width_px,
        px_per_mm=px_per_mm,
    )


def make_frame(frame_id: int = 0, camera: str = "cam1", truth: Truth | None = None) -> Frame:
    """Return a black frame of 64 x 48."""
    image = np.zeros((48, 64, 3), np.uint8)
    return Frame(image, camera, frame_id, 11, 22, part_id="SN1", file="a.png", truth=truth)
