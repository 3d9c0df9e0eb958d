"""Shows why a picture is judged as it is: heat where a model saw something, boxes where it found one.

Segment steps give their score map, classify steps the activation of the most probable class, detect
and recognise steps their boxes. All of it comes from the bundles as the station runs them.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from edgevision.assembly import ModelStep, StepLoader
from edgevision.capture.picture import read_picture
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings
from edgevision.inspector import Inspector
from edgevision.ops.draw import annotate
from edgevision.ops.heat import with_heat
from edgevision.recipe import SegmentStep
from edgevision.tasks.classify import ClassifyTask
from edgevision.tasks.segment import SegmentTask
from edgevision.types import ImageBgr, Inspection

__all__ = ["explain"]


def explain(loaded: LoadedRecipe, image: Path, settings: EngineSettings) -> tuple[ImageBgr, Inspection]:
    """Return the picture with all that the steps of a recipe see in it, and its inspection.

    Raises:
        CaptureError: the picture cannot be read.
        BundleError, ConfigError, EngineError, GalleryError: the recipe's models or galleries do not serve.
        InspectionError: a classifier has no class activation maps, or a region lies outside the picture.
    """
    frame = read_picture(image)
    with closing(StepLoader(loaded, settings, streams=1)) as loader:
        steps = loader.steps()
        tasks = [step.task() for step in steps]
        inspector = Inspector(loaded.recipe, loaded.ref, tasks, run_id="explain", is_simulated=False)
        inspection = inspector.inspect(frame)
        picture = frame.image_bgr
        for task in _with_heat(steps):
            picture = with_heat(picture, *task.heat(frame))
    return annotate(picture, inspection, is_whole=True), inspection


def _with_heat(steps: list[ModelStep]) -> Iterator[SegmentTask | ClassifyTask]:
    """Give the tasks that have heat; segment tasks with every score counting."""
    for step in steps:
        if isinstance(step.settings, SegmentStep):
            every = step.settings.model_copy(update={"pixel_threshold": 0.0})
            step = replace(step, settings=every)  # noqa: PLW2901 - the same step, looking closer
        task = step.task()
        if isinstance(task, SegmentTask | ClassifyTask):
            yield task
