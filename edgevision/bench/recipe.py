"""The recipe of the benchmark: the whole frame in one input of the model, no defect allowed.

Only a pixel or box of probability 1 counts, so that the loop is timed as for good parts: what findings
cost depends on how many the video gives, not on the loop. A model for pairs compares with the video's
first frame; frames that do not fit onto it are undecided, and cheaper. An embedder takes the whole frame
for its object and matches it with one enrolled example.
"""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from edgevision.bundle.manifest import Manifest
from edgevision.config.document import LoadedRecipe, load_recipe
from edgevision.errors import CaptureError
from edgevision.gallery.content import Enrolled, Gallery
from edgevision.gallery.file import GalleryFile
from edgevision.recipe import SCHEMA

__all__ = ["write_recipe"]

_STEPS: dict[str, dict[str, Any]] = {
    "segment": {"task": "segment", "scaling": "stretch", "pixel_threshold": 1.0},
    "detect": {"task": "detect", "scaling": "stretch", "score_threshold": 1.0},
    "embed": {"task": "recognise", "gallery": "bench"},
    "classify": {"task": "classify"},
}


def write_recipe(folder: Path, bundle: Path, manifest: Manifest, video: Path, calls: int = 1) -> LoadedRecipe:
    """Write the recipe for a bundle into `folder`, for this and other processes, and read it.

    `calls` is how often the model runs for one inspection.
    """
    step = {"bundle": str(bundle.absolute()), **_STEPS[manifest.task]}
    if manifest.detect is not None and manifest.detect.inputs == "pair":
        step["reference"] = _first_frame(video, folder / "reference.png")
    if manifest.embed is not None:
        _enrol_one(folder, bundle, manifest.embed.dimensions)
    content = {
        "schema": SCHEMA,
        "name": "bench",
        "version": "1.0",
        "tasks": [{"name": f"model-{call}"} | step for call in range(1, calls + 1)],
        "rules": [
            {"name": f"no-{index}", "label": label, "max_count": 0}
            for index, label in enumerate(manifest.findable, start=1)
        ]
        or [{"name": "any", "max_count": 0}],
    }
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_recipe(path)


def _enrol_one(folder: Path, bundle: Path, dimensions: int) -> None:
    sha256 = hashlib.sha256(bundle.read_bytes()).hexdigest()
    one = Gallery.empty(sha256, dimensions).added(
        (Enrolled("one", "1970-01-01T00:00:00Z"),), np.eye(1, dimensions, dtype=np.float32)
    )
    GalleryFile(folder / "galleries" / "bench.gallery").change(lambda _: one)


def _first_frame(video: Path, picture: Path) -> str:
    """Save the first frame of a video; raises CaptureError."""
    capture = cv2.VideoCapture(str(video))
    read, frame = capture.read()
    capture.release()
    if not read:
        raise CaptureError(f"{video}: expected a video, of which no frame can be read; check the file")
    cv2.imwrite(str(picture), frame)
    return str(picture)
