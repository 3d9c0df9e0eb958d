"""A classifier by a segmenter's maps: it needs one, keeps it, and learns only to weigh its maps."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

import numpy as np
import torch

from edgevision.errors import UsageError
from export.classify.config import ClassifyConfig
from export.classify.loop import train_classifier
from export.classify.trained import load_trained_classifier
from export.networks.mapped import MapClassifier
from export.networks.spec import NetworkSpec
from export.networks.unet import build_network
from export.pipeline import convert_torch
from export.quantize import Quantizer
from export.runners import installed_engines, load_runner
from export.sources import load_torch
from export.subjects import names_to_be, open_subject
from export.work import Work
from tests.unit.export.classify.test_end_to_end import CONFIG, DESCRIPTION, pictures

pytestmark = pytest.mark.export

MAPS = ClassifyConfig.model_validate(
    {
        **CONFIG,
        "network": "unet-lite",
        "view": {"size_wh": [32, 32], "color": "RGB"},
        "optimisation": {"epochs": 1, "batches_per_epoch": 2, "batch_size": 4, "precision": "fp32"},
    }
)


def segmenter(folder: Path, labels: tuple[str, ...]) -> Path:
    torch.manual_seed(0)
    spec = NetworkSpec(classes=len(labels))
    file = folder / "segmenter.pt"
    weights = build_network(spec).state_dict()
    torch.save({"network": spec.model_dump(), "labels": list(labels), "weights": weights}, file)
    return file


def test_the_segmenter_is_kept_as_it_was(tmp_path: Path) -> None:
    start = segmenter(tmp_path, ("background", "dark"))

    result = train_classifier(MAPS, tmp_path, pictures(), start=start)

    network = load_trained_classifier(result.checkpoint).network
    assert isinstance(network, MapClassifier)
    given, kept = torch.load(start, weights_only=True)["weights"], network.segmenter.state_dict()
    assert all(torch.equal(given[name], kept[name]) for name in given)
    with torch.inference_mode():
        answer = network(torch.zeros(1, 3, 32, 48))
    assert (answer.logits.shape, answer.cam.shape) == ((1, 2), (1, 2, 4, 6))


def test_its_int8_form_runs_on_every_engine_and_answers_nearly_alike(tmp_path: Path) -> None:
    result = train_classifier(MAPS, tmp_path, pictures(), start=segmenter(tmp_path, ("background", "dark")))
    source = load_torch(str(result.checkpoint), DESCRIPTION)
    names = names_to_be(source.description)
    subject = open_subject(
        source.description, source.training, names, str(pictures()), calibration=4, held_out=16
    )
    work = Work(tmp_path)
    convert_torch(source, 18, subject, work)
    (tmp_path / "quantizing").mkdir()
    fp32 = work.read_model("fp32")

    int8 = Quantizer(fp32, subject.calibration_inputs(4), tmp_path / "quantizing").quantized()

    reference = load_runner(subject.manifest, fp32.SerializeToString(), "onnxruntime", "fp32", 1).engine
    for name in installed_engines():
        engine = load_runner(subject.manifest, int8.SerializeToString(), name, "int8", 1).engine
        for batch in subject.inputs(4):
            apart = np.abs(subject.values(engine, batch) - subject.values(reference, batch))
            assert apart.max() < 0.1


def test_without_a_segmenter_or_with_one_of_other_defects_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name it with --start"):
        train_classifier(MAPS, tmp_path, pictures())
    with pytest.raises(UsageError, match=r"of dark, got .* of pit; train the one"):
        train_classifier(MAPS, tmp_path, pictures(), start=segmenter(tmp_path, ("background", "pit")))
    with pytest.raises(UsageError, match="expected network unet-lite"):
        train_classifier(
            ClassifyConfig.model_validate(CONFIG), tmp_path, pictures(), start=tmp_path / "any.pt"
        )
