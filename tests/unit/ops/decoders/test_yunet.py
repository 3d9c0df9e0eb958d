"""The reference is the rule of OpenCV's FaceDetectorYN, cell by cell."""

import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgevision.ops.decoders.yunet import STRIDES, YunetDecoder

INPUT_WH = (64, 96)
Floats = npt.NDArray[np.float32]


def answer(seed: int = 0) -> list[Floats]:
    rng = np.random.default_rng(seed)
    counts = [(INPUT_WH[0] // stride) * (INPUT_WH[1] // stride) for stride in STRIDES]
    levels = [rng.uniform(-0.2, 1.0, (1, count, width)) for width in (1, 1, 4, 10) for count in counts]
    return [level.astype(np.float32) for level in levels]


def by_hand(outputs: list[Floats], min_score: float) -> list[tuple[float, ...]]:
    rows = []
    for index, stride in enumerate(STRIDES):
        columns = INPUT_WH[0] // stride
        cls, obj, box, points = (outputs[index + 3 * part][0] for part in range(4))
        for cell in range(len(cls)):
            at = np.array((cell % columns, cell // columns))
            score = math.sqrt(min(max(cls[cell, 0], 0), 1) * min(max(obj[cell, 0], 0), 1))
            if score >= min_score:
                centre, half = (at + box[cell, :2]) * stride, np.exp(box[cell, 2:]) * stride / 2
                landmarks = (at + points[cell].reshape(5, 2)) * stride
                rows.append((score, *(centre - half), *(centre + half), *landmarks.ravel()))
    return sorted(rows, reverse=True)


@pytest.mark.parametrize("min_score", [0.3, 0.9])
def test_every_box_and_landmark_is_where_the_rule_says(min_score: float) -> None:
    outputs = answer()
    found = YunetDecoder(INPUT_WH).candidates(outputs, min_score).found
    expected = by_hand(outputs, min_score)

    assert found.landmarks_xy is not None
    got = np.column_stack((found.scores, found.boxes_xyxy, found.landmarks_xy.reshape(-1, 10)))
    assert (np.diff(found.scores) <= 0).all()
    assert sorted(got.tolist()) == pytest.approx(np.array(sorted(expected)), rel=1e-4, abs=1e-4)


def test_nothing_above_the_limit_is_nothing_with_landmarks() -> None:
    found = YunetDecoder(INPUT_WH).candidates([level * 0 for level in answer()], 0.5)

    assert len(found.found) == 0
    assert found.score_max == 0.0
    assert found.found.landmarks_xy is not None


SHARED = Path(__file__).parents[4] / "../shared/data"
WEIGHTS = SHARED / "weights" / "yunet" / "yunet_n_320_320.onnx"


@pytest.mark.shared
@pytest.mark.skipif(not WEIGHTS.is_file(), reason="needs ../shared/data/weights/yunet")
def test_opencv_finds_the_same_face() -> None:
    import onnxruntime

    picture = next(iter(sorted((SHARED / "faces-london").rglob("*.jpg"))), None)
    if picture is None:
        pytest.skip("needs ../shared/data/faces-london")
    image = cv2.imread(str(picture))
    assert image is not None
    image = np.asarray(cv2.resize(image, (320, 320)), np.uint8)
    reference = cv2.FaceDetectorYN.create(str(WEIGHTS), "", (320, 320), score_threshold=0.6)
    faces = reference.detect(image)[1]
    session = onnxruntime.InferenceSession(str(WEIGHTS), providers=["CPUExecutionProvider"])
    blob = image.astype(np.float32).transpose(2, 0, 1)[np.newaxis]
    names = [f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
    outputs = [np.asarray(output, np.float32) for output in session.run(names, {"input": blob})]
    best = YunetDecoder((320, 320)).candidates(outputs, 0.6).found[:1]

    x, y, width, height = faces[0, :4]
    assert best.landmarks_xy is not None
    assert best.boxes_xyxy[0] == pytest.approx((x, y, x + width, y + height), abs=1)
    assert best.landmarks_xy[0].ravel() == pytest.approx(faces[0, 4:14], abs=1)
