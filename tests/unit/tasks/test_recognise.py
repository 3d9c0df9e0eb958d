"""Recognise tasks with engines that answer as told: what is cut out, refused, matched."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fake import FakeEngine
from edgevision.errors import InspectionError
from edgevision.ops.embed import Matcher, normalised
from edgevision.recipe import RecogniseStep
from edgevision.tasks.embedder import Embedder
from edgevision.tasks.recognise import RecogniseTask
from edgevision.types import Frame, Identity, ImageBgr, ModelRef
from tests.detectbundles import constant_bundle_parts
from tests.embedbundles import DIMENSIONS, SIDE_PX, embed_parts, pattern

Batch = npt.NDArray[np.uint8]
MODEL = ModelRef("who", "tiny-embed", "1.0.0", "0" * 64, "fp32", "fake", "cpu")
FACE = ((10.0, 12.0), (22.0, 12.0), (16.0, 18.0), (11.0, 25.0), (21.0, 25.0))


def cells(batch: Batch) -> npt.NDArray[np.float32]:
    """Answer as the test bundle's own model."""
    picture = batch[0].astype(np.float32)
    kernel = SIDE_PX // 4
    flat = picture.reshape(4, kernel, 4, kernel, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel()
    return np.asarray((flat - flat.mean())[np.newaxis], np.float32)


def step(**fields: Any) -> RecogniseStep:
    return RecogniseStep.model_validate(
        {"name": "who", "task": "recognise", "bundle": "e.zip", "gallery": "g"} | fields
    )


def spec(**embed: Any) -> Manifest:
    return Manifest.model_validate(embed_parts(**embed)[0])


def gallery(*seeds: int) -> Matcher:
    rows = [normalised(cells(pattern(seed)[np.newaxis])[0]) for seed in seeds]
    return Matcher([f"v{seed}" for seed in seeds], np.array(rows, np.float32).reshape(-1, DIMENSIONS))


def task(
    matcher: Matcher, detector: Any = None, answer: Any = cells, embed: Any = None, **fields: Any
) -> RecogniseTask:
    manifest = spec(**(embed or {}))
    return RecogniseTask(step(**fields), manifest, FakeEngine(answer), MODEL, detector, matcher=matcher)


def frame(image: ImageBgr) -> Frame:
    return Frame(image, "cam1", 0, 0, 0)


def yunet(*boxes: tuple[float, float, float, float], turn: float = 0.0) -> tuple[Manifest, FakeEngine]:
    """Return a detector of 64 x 64 that always finds faces in these boxes, of the given turn in the plane."""
    counts = (64, 16, 4)
    outputs = [np.zeros((1, count, width), np.float32) for width in (1, 1, 4, 10) for count in counts]
    for cell, (left, top, right, bottom) in enumerate(boxes):
        outputs[0][0, cell] = outputs[3][0, cell] = 0.9 - 0.1 * cell
        size = np.array((right - left, bottom - top)) / 8
        outputs[6][0, cell] = (*(np.array((left + right, top + bottom)) / 16 - (cell, 0)), *np.log(size))
        points = (np.array(FACE) - 16) * (right - left) / SIDE_PX
        angle = np.radians(turn)
        points = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        points += np.array(((left + right) / 2, (top + bottom) / 2))
        outputs[9][0, cell] = (points / 8 - (cell, 0)).ravel()
    fields, _ = constant_bundle_parts("yunet", {f"o{index}": out for index, out in enumerate(outputs)})
    fields |= {"labels": ("face",)}
    return Manifest.model_validate(fields), FakeEngine(lambda _: tuple(outputs))


def test_the_whole_region_shows_one_variant() -> None:
    (identity,) = task(gallery(1, 2, 3)).run(frame(pattern(2, 64))).identities or ()

    assert (identity.name, identity.box_xyxy) == ("v2", (0, 0, 64, 64))
    assert identity.score > 0.99


def test_whoever_resembles_nobody_enough_is_unknown_with_the_nearest_score() -> None:
    (identity,) = task(gallery(1, 2)).run(frame(pattern(9))).identities or ()

    assert identity.name is None
    assert -1 <= identity.score < 0.8
    assert (task(gallery(1, 2), threshold=-1.0).run(frame(pattern(9))).identities or ())[0].name


def test_an_empty_gallery_knows_nobody() -> None:
    assert task(gallery()).run(frame(pattern(9))).identities == (Identity(None, 0.0, (0, 0, 32, 32)),)


def test_a_region_is_looked_at_alone() -> None:
    image = np.zeros((100, 120, 3), np.uint8)
    image[40:72, 50:82] = pattern(4)

    (identity,) = (
        task(gallery(4, 5), region={"rectangle_xyxy": [50, 40, 82, 72]}).run(frame(image)).identities or ()
    )

    assert (identity.name, identity.box_xyxy) == ("v4", (50, 40, 82, 72))


@pytest.mark.parametrize("turn", [0.0, 25.0])
def test_faces_are_aligned_by_their_landmarks_however_they_are_turned(turn: float) -> None:
    image = np.full((64, 64, 3), 128, np.uint8)
    matrix = cv2.getRotationMatrix2D((15.5, 15.5), -turn, 1.0)
    matrix[:, 2] += (16, 16)
    image = np.asarray(cv2.warpAffine(pattern(7), matrix, (64, 64), image, borderMode=cv2.BORDER_TRANSPARENT))

    (identity,) = (
        task(gallery(6, 7), yunet((16, 16, 48, 48), turn=turn), embed={"landmarks_xy": FACE})
        .run(frame(image))
        .identities
        or ()
    )

    assert identity.name == "v7"
    assert identity.score > 0.97
    assert identity.box_xyxy == (16, 16, 48, 48)


def test_every_face_of_a_larger_frame_is_found_where_it_is() -> None:
    image = np.zeros((128, 128, 3), np.uint8)
    image[0:64, 0:64], image[64:128, 64:128] = pattern(1, 64), pattern(2, 64)

    findings = task(gallery(1, 2), yunet((0, 0, 32, 32), (32, 32, 64, 64))).run(frame(image))

    assert [(found.name, found.box_xyxy) for found in findings.identities or ()] == [
        ("v1", (0, 0, 64, 64)),
        ("v2", (64, 64, 128, 128)),
    ]


def test_a_face_outside_the_polygon_is_nobodys_business() -> None:
    polygon = {"polygon_xy": [[0, 0], [60, 0], [0, 60]]}
    found = task(gallery(1), yunet((0, 0, 20, 20), (44, 44, 64, 64)), region=polygon)

    assert len(found.run(frame(np.full((64, 64, 3), 9, np.uint8))).identities or ()) == 1


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"min_size_px": 65}, "64 px are too small, at least 65 needed"),
        ({"min_sharpness": 1e6}, "is blurred, at least 1e+06 needed"),
        ({"min_size_px": 64, "min_sharpness": 1}, ""),
    ],
)
def test_a_picture_that_is_not_good_enough_is_not_told(limits: dict[str, float], problem: str) -> None:
    def never(_: Batch) -> Any:
        pytest.fail("the model need not look at it")

    answer = never if problem else cells
    (identity,) = task(gallery(3), answer=answer, embed=limits).run(frame(pattern(3, 64))).identities or ()

    assert problem in identity.problem
    assert (identity.name is None) == bool(problem)


def test_a_face_turned_away_is_not_told() -> None:
    manifest, engine = yunet((0, 0, 64, 64))
    answer = [output.copy() for output in engine.infer(np.zeros((1, 64, 64, 3), np.uint8))]
    answer[9][0, 0, 4] += 1.5  # The nose, far to a side.
    detector = manifest, FakeEngine(lambda _: tuple(answer))

    (identity,) = (
        task(gallery(3), detector, embed={"landmarks_xy": FACE, "max_yaw_deg": 30})
        .run(frame(pattern(3, 64)))
        .identities
        or ()
    )

    assert identity.problem.startswith("turned away by")


def test_an_answer_that_is_no_number_decides_nothing() -> None:
    broken = task(gallery(3), answer=lambda batch: cells(batch) * np.nan)

    with pytest.raises(InspectionError, match="expected numbers from the model"):
        broken.run(frame(pattern(3)))


def test_an_embedder_that_aligns_needs_landmarks() -> None:
    embedder = Embedder(step(), spec(landmarks_xy=FACE), FakeEngine(cells))

    with pytest.raises(InspectionError, match="aligns by five landmarks"):
        embedder.look(frame(pattern(3)))
