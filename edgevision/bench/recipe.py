"""The recipe of the benchmark: the whole frame in one input of the model, no defect allowed.

Only a pixel or box of probability 1 counts, so that the loop is timed as for good parts: what findings
cost depends on how many the video gives, not on the loop.
"""

from pathlib import Path

import yaml

from edgevision.bundle.manifest import Manifest
from edgevision.config.document import LoadedRecipe, load_recipe
from edgevision.recipe import SCHEMA

__all__ = ["write_recipe"]

_STEPS = {
    "segment": {"task": "segment", "scaling": "stretch", "pixel_threshold": 1.0},
    "detect": {"task": "detect", "scaling": "stretch", "score_threshold": 1.0},
}


def write_recipe(folder: Path, bundle: Path, manifest: Manifest) -> LoadedRecipe:
    """Write the recipe for a bundle into `folder`, for this and other processes, and read it."""
    content = {
        "schema": SCHEMA,
        "name": "bench",
        "version": "1.0",
        "tasks": [
            {"name": "model", "bundle": str(bundle.absolute()), **_STEPS[manifest.task]},
        ],
        "rules": [
            {"name": f"no-{index}", "label": label, "max_count": 0}
            for index, label in enumerate(manifest.findable, start=1)
        ],
    }
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_recipe(path)
