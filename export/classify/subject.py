"""Classifiers as the subject of gate, quantising and packing: accuracy, calibration, golden probabilities.

A picture is judged OK when its class is told rightly, else NG.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from edgevision.bundle.goldennumbers import read_numbers, write_numbers
from edgevision.bundle.manifest import InputSpec, Manifest, OutputSpec
from edgevision.errors import BundleError, ManifestError, UsageError
from edgevision.ops.classes import class_probabilities
from edgevision.ops.image import model_batch
from edgevision.ports import Engine
from edgevision.recipe import ClassifyStep, Recipe
from edgevision.types import ImageBgr, Judgement
from export.classify.config import ClassView
from export.classify.draw import fitted
from export.classify.folder import ClassSample, read_classes
from export.classify.metrics import figures_of
from export.description import Description
from export.materials import Materials, evenly
from export.subject import Batch, GoldenAnswer, GoldenInput, PictureResult, Run, Values

__all__ = ["MAX_ACCURACY_LOSS", "ClassifySubject", "draft_classify_manifest", "open_class_materials"]

MAX_ACCURACY_LOSS: Final = 0.01
_CLEAR_MARGIN = 0.2
"""By how much the most probable class of a golden picture leads at least."""
_LEAST_APART, _MOST_APART = 0.05, 0.2


def draft_classify_manifest(description: Description, input_name: str, outputs: Sequence[str]) -> Manifest:
    """Return a manifest that engines and tasks can work with; it has no golden samples or hashes yet."""
    if description.classify is None:
        raise ManifestError(f"{description.name}: expected a part classify in its description")
    return Manifest.model_construct(  # type: ignore[call-arg]  # the rest is not known yet
        name=description.name,
        version=description.version,
        task="classify",
        input=InputSpec(name=input_name, size_wh=description.view.size_wh, color=description.color),
        outputs=tuple(OutputSpec(name=name) for name in outputs),
        labels=description.labels,
        classify=description.classify,
    )


def open_class_materials(
    folder: str | None, labels: Sequence[str], training: dict[str, Any], *, calibration: int, held_out: int
) -> Materials[ClassSample]:
    """Open the splits train and val of a folder, or as the training names them. Raises UsageError."""
    if folder is None:
        raise UsageError("expected pictures to calibrate with and to judge by; name a folder with --data")
    root, splits = Path(folder), training.get("data", {})
    names = [splits.get(split, split) for split in ("train", "val")]
    train, val = (read_classes(root, name, labels) for name in names)
    return Materials(
        [train[index] for index in evenly(len(train), calibration)],
        f"{root.name}, split {names[0]}",
        [val[index] for index in evenly(len(val), held_out)],
        f"{root.name}, split {names[1]}",
    )


@dataclass(frozen=True, eq=False)
class ClassifyRun:
    """What one model makes of all held-out pictures."""

    probabilities: npt.NDArray[np.float32]
    """(pictures, C)."""
    subject: "ClassifySubject"

    @cached_property
    def pictures(self) -> tuple[PictureResult, ...]:
        """Return one result per picture."""
        results = []
        for sample, row in zip(self.subject.samples, self.probabilities, strict=True):
            second, first = np.sort(row)[-2:].tolist()
            judgement = Judgement.OK if int(row.argmax()) == sample.class_id else Judgement.NG
            results.append(PictureResult(sample.name, judgement, first - second >= _CLEAR_MARGIN))
        return tuple(results)

    @cached_property
    def figures(self) -> dict[str, float]:
        """Accuracy, mean recall, calibration error, recall by class."""
        truth = np.array([sample.class_id for sample in self.subject.samples])
        return figures_of(self.probabilities, truth, self.subject.manifest.labels)

    def agreement(self, reference: Run) -> float:
        """Return the share of pictures of which both say the same class."""
        assert isinstance(reference, ClassifyRun)
        same = self.probabilities.argmax(axis=1) == reference.probabilities.argmax(axis=1)
        return float(same.mean())

    def drawn(self, index: int) -> ImageBgr:
        """Return a picture with its most probable class."""
        row = self.probabilities[index]
        label = self.subject.manifest.labels[int(row.argmax())]
        return _captioned(self.subject.image(index), f"{label} {row.max():.2f}")


class ClassifySubject:
    """A classifier with its pictures."""

    max_loss: Mapping[str, float] = {"accuracy": MAX_ACCURACY_LOSS}
    has_truth = True

    def __init__(self, manifest: Manifest, materials: Materials[ClassSample]) -> None:
        """Take a manifest, which may be a draft, and the pictures."""
        self.manifest, self._materials = manifest, materials
        step = ClassifyStep(name="classify", task="classify", bundle="under-test", expected=manifest.labels)
        self.recipe = Recipe(name="right-class", version="1.0", tasks=(step,))
        self.calibration_name, self.held_out_name = materials.calibration_name, materials.held_out_name
        self._spec = manifest.require_classify()
        self._view = ClassView.model_validate(
            {
                "size_wh": manifest.input.size_wh,
                "scaling": self._spec.scaling,
                "color": manifest.input.color,
            }
        )

    @property
    def samples(self) -> Sequence[ClassSample]:
        """The pictures to judge by."""
        return self._materials.held_out

    @property
    def pictures(self) -> int:
        """Return how many there are."""
        return len(self.samples)

    @property
    def golden_subject(self) -> "ClassifySubject":
        """Itself."""
        return self

    def calibration_inputs(self, limit: int) -> list[Batch]:
        """Return inputs of the pictures to calibrate with."""
        every = self._materials.calibration
        return [self._batch(every[index]) for index in evenly(len(every), limit)]

    def inputs(self, limit: int) -> list[Batch]:
        """Return inputs of pictures to judge by."""
        return [self._batch(self.samples[index]) for index in evenly(self.pictures, limit)]

    def values(self, engine: Engine, batch: Batch) -> Values:
        """Return the (1, C) probabilities."""
        return class_probabilities(engine.infer(batch)[0], self._spec.temperature)

    def run(self, engine: Engine) -> ClassifyRun:
        """Run all pictures to judge by."""
        rows = [self.values(engine, self._batch(sample)) for sample in self.samples]
        return ClassifyRun(np.concatenate(rows), self)

    def golden_input(self, engine: Engine, index: int, judgement: Judgement) -> GoldenInput:  # noqa: ARG002
        """Return the input of a picture."""
        return GoldenInput(self.samples[index].name, self._batch(self.samples[index]))

    def golden_answer(self, engine: Engine, batch: Batch) -> GoldenAnswer:
        """Return the probabilities as JSON."""
        return GoldenAnswer(None, ".json", write_numbers(self.values(engine, batch)[0]))

    def golden_apart(self, expected: GoldenAnswer, got: GoldenAnswer) -> float:
        """Return by how much probabilities differ at most."""
        count = len(self.manifest.labels)
        ours, theirs = (read_numbers(answer.data, count, "golden") for answer in (expected, got))
        return float(np.abs(ours - theirs).max())

    def golden_terms(self, apart: float) -> dict[str, Any]:
        """Allow twice what engines here differ."""
        allowed = max(_LEAST_APART, math.ceil(200 * apart) / 100)
        if allowed > _MOST_APART:
            raise BundleError(
                f"golden samples: expected engines to agree within {_MOST_APART / 2:g} of a probability, got "
                f"{apart:.3f}; the model is too uncertain to be checked on other machines"
            )
        return {"classify": self._spec.model_copy(update={"golden_max_difference": allowed})}

    def image(self, index: int) -> ImageBgr:
        """Return a picture to judge by."""
        return self.samples[index].image_bgr

    def truth_drawn(self, index: int) -> ImageBgr | None:
        """Return a picture with its class."""
        return _captioned(self.image(index), self.manifest.labels[self.samples[index].class_id])

    def _batch(self, sample: ClassSample) -> Batch:
        return model_batch([fitted(sample.image_bgr, self._view)], self.manifest.input.color)


def _captioned(image: ImageBgr, text: str) -> ImageBgr:
    shown = image.copy()
    cv2.putText(shown, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 200, 255), 1, cv2.LINE_AA)
    return shown
