"""From a folder of pictures by class to a bundle that the device opens."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import torch

from edgevision.bundle.archive import open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import UsageError
from export.classify.config import ClassifyConfig
from export.classify.folder import read_classes
from export.classify.loop import train_classifier
from export.classify.subject import ClassifySubject
from export.description import Description
from export.networks.classifier import Classifier, ClassifierSpec
from export.pack import write_packed
from export.pipeline import Step, convert_torch, quantize
from export.sources import load_torch
from export.subjects import names_to_be, open_subject
from export.verify import Verification
from export.work import Work

pytestmark = pytest.mark.export

CONFIG = {
    "name": "tiny",
    "labels": ["bright", "dark"],
    "view": {"size_wh": [32, 32], "color": "GRAY"},
    "optimisation": {"epochs": 2, "batches_per_epoch": 10, "batch_size": 8, "precision": "fp32"},
}
DESCRIPTION = Description.model_validate(
    {
        "name": "tiny",
        "version": "0.1.0",
        "licence": "CC0-1.0",
        "classify": {},
        "provenance": [{"name": "drawn", "licence": "CC0-1.0", "attribution": "nobody", "use": "all"}],
    }
)


@cache
def pictures() -> Path:
    root, rng = Path(mkdtemp()), np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 8)):
        for label, level in (("bright", 170), ("dark", 80)):
            (root / split / label).mkdir(parents=True)
            for number in range(count):
                image = np.clip(rng.normal(level, 12, (40, 36, 3)), 0, 255).astype(np.uint8)
                cv2.imwrite(str(root / split / label / f"{number}.png"), image)
    return root


def test_a_classifier_learns_is_gated_and_opened_by_the_device(tmp_path: Path) -> None:
    result = train_classifier(ClassifyConfig.model_validate(CONFIG), tmp_path, pictures())
    source = load_torch(str(result.checkpoint), DESCRIPTION)
    subject = open_subject(
        source.description,
        source.training,
        names_to_be(source.description),
        str(pictures()),
        calibration=8,
        held_out=16,
    )
    work = Work(tmp_path)
    convert_torch(source, 18, subject, work)

    passed = quantize(Step(work, subject, lambda _: None))
    gate = Verification(subject, work.read_model("fp32")).result(work.read_model("int8"), source.module)
    write_packed(tmp_path / "tiny.zip", work, gate, "python -m export bundle work")

    opened = open_bundle(tmp_path / "tiny.zip")
    load_engine(opened, EngineRequest("onnxruntime", "int8")).close()
    assert passed
    assert isinstance(subject, ClassifySubject)
    assert [output.name for output in opened.manifest.outputs] == ["logits", "cam"]
    assert opened.manifest.labels == ("bright", "dark")
    assert opened.manifest.accuracy[0].int8["accuracy"] == 1.0
    page = (tmp_path / "report.html").read_text()
    assert "Accuracy 1.000" in page
    assert "Right against certainty" in page
    assert "bright, dark apart" in opened.read("MODEL_CARD.md").decode()


@pytest.mark.parametrize(("kind", "cells"), [("light", 4), ("vgg16-bn", 2), ("efficient", 2)])
def test_logits_lie_between_mean_and_maximum_of_the_maps_at_any_input_size(kind: str, cells: int) -> None:
    network = Classifier(ClassifierSpec.model_validate({"kind": kind, "classes": 3})).eval()

    with torch.inference_mode():
        answer = network(torch.zeros(1, 3, 64, 96))

    assert answer.cam.shape[:3] == (1, 3, cells)
    assert (answer.logits >= answer.cam.mean(dim=(2, 3)) - 1e-4).all()
    assert (answer.logits <= answer.cam.amax(dim=(2, 3)) + 1e-4).all()


def test_a_list_of_names_gives_the_class_by_its_prefix(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "ImageSets" / "Segmentation").mkdir(parents=True)
    names = ["crack_1", "free_1", "unlisted_1"]
    for name in names:
        cv2.imwrite(str(tmp_path / "images" / f"{name}.jpg"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "ImageSets" / "Segmentation" / "val.txt").write_text("\n".join(names))

    samples = read_classes(tmp_path, "val", ("free", "crack"))

    assert [(sample.name, sample.class_id) for sample in samples] == [("crack_1", 1), ("free_1", 0)]


def test_a_folder_without_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least two of free, crack"):
        read_classes(tmp_path, "val", ("free", "crack"))
