from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.errors import InspectionError
from edgevision.recipe import ClassifyStep
from edgevision.tasks.classify import ClassifyTask
from edgevision.types import Frame, ModelRef
from tests.embedbundles import SIDE_PX, classify_parts

MODEL = ModelRef("kind", "tiny-classify", "1.0.0", "0" * 64, "fp32", "fake", "cpu")
Batch = npt.NDArray[np.uint8]


def brightness(batch: Batch) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    grey = batch[0].astype(np.float32).mean(axis=2).reshape(4, 8, 4, 8).mean(axis=(1, 3)) / 20 - 6.4
    cam = np.stack((grey, -grey))[np.newaxis]
    return cam.mean(axis=(2, 3)), cam


def task(
    answer: Any = brightness, *, cam: bool = True, temperature: float = 1.0, **fields: Any
) -> ClassifyTask:
    step = ClassifyStep.model_validate({"name": "kind", "task": "classify", "bundle": "c.zip"} | fields)
    manifest = Manifest.model_validate(classify_parts(cam=cam, temperature=temperature)[0])
    return ClassifyTask(step, manifest, FakeEngine(answer), MODEL)


def frame(grey: int, size_wh: tuple[int, int] = (64, 48)) -> Frame:
    return Frame(np.full((size_wh[1], size_wh[0], 3), grey, np.uint8), "cam1", 0, 0, 0)


def test_the_most_probable_classes_come_first() -> None:
    findings = task().run(frame(40))

    assert [found.label for found in findings.classes or ()] == ["dark", "bright"]
    assert sum(found.score for found in findings.classes or ()) == pytest.approx(1)
    assert findings.score_max == 0.0
    assert len(task(top_k=1).run(frame(40)).classes or ()) == 1


def test_temperature_makes_it_less_sure() -> None:
    sure, unsure = (task(temperature=value).run(frame(120)).classes or () for value in (0.1, 5.0))

    assert (sure[0].label, unsure[0].label) == ("dark", "dark")
    assert sure[0].score > 0.99
    assert 0.5 < unsure[0].score < 0.6


def test_the_score_is_the_probability_of_what_is_not_expected() -> None:
    findings = task(expected=["bright"]).run(frame(40))
    classes = {found.label: found.score for found in findings.classes or ()}

    assert findings.score_max == pytest.approx(classes["dark"])


def test_bars_of_a_letterbox_are_grey() -> None:
    seen: list[Batch] = []

    def remember(batch: Batch) -> Any:
        seen.append(batch)
        return brightness(batch)

    task(remember, scaling="letterbox").run(frame(10, (64, 32)))

    assert seen[0].shape == (1, SIDE_PX, SIDE_PX, 3)
    assert set(np.unique(seen[0])) == {10, 114}


@pytest.mark.parametrize("scaling", ["stretch", "letterbox"])
def test_heat_is_where_the_class_shows(scaling: str) -> None:
    image = np.full((80, 160, 3), 140, np.uint8)
    image[40:60, 80:120] = 255
    region = {"rectangle_xyxy": [40, 0, 120, 80]}

    box, heat = task(scaling=scaling, region=region).heat(Frame(image, "cam1", 0, 0, 0))

    assert box == (40, 0, 120, 80)
    assert heat.shape == (80, 80)
    assert (heat.min() >= 0, heat.max()) == (True, pytest.approx(1, abs=0.05))
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 40 <= row < 60
    assert 40 <= column < 80


def test_without_activation_maps_it_says_so() -> None:
    with pytest.raises(InspectionError, match="has no class activation maps"):
        task(cam=False).heat(frame(9))


def test_an_answer_that_is_no_number_decides_nothing() -> None:
    with pytest.raises(InspectionError, match="expected numbers"):
        task(lambda batch: tuple(np.full_like(part, np.nan) for part in brightness(batch))).run(frame(9))
