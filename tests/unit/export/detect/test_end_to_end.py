from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from pydantic import ValidationError

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.bundle.archive import open_bundle
from edgevision.engines.spec import EngineRequest
from edgevision.errors import ManifestError, UsageError
from export.adopt import adopt
from export.detect.evaluate import evaluate_detect
from export.detect.loop import train_ssd
from export.detect.materials import open_detect_materials
from export.detect.metrics import measure
from export.detect.run import truth_of
from export.detect.running import draft_detect_manifest
from export.detect.subject import DetectSubject
from export.materials import Materials
from export.nms import with_suppression
from export.pipeline import bundle, quantize
from export.subjects import names_of
from export.train.checkpoint import load_state
from export.verify import Verification
from export.work import Work
from tests.boxes import LABELS, box_samples
from tests.detectors import config, described, folder, step, trained, work

pytestmark = pytest.mark.export

REQUEST = EngineRequest("onnxruntime", "int8", threads=1)


def test_learns_what_the_pictures_show_and_reports_it() -> None:
    assert trained().metrics.mean_ap > 0.7

    page = trained().report.read_text("utf-8")
    assert "Precision against recall" in page
    assert "square" in page
    assert (trained().report.parent / "curves.png").is_file()


def test_a_resumed_training_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    short = config(optimisation={"epochs": 2, "batches_per_epoch": 2, "batch_size": 2, "learning_rate": 0.01})
    whole = train_ssd(short, tmp_path / "whole", folder(), threads=1)
    begun = train_ssd(short, tmp_path / "parts", folder(), threads=1, minutes=1e-9)

    resumed = train_ssd(short, tmp_path / "parts", folder(), threads=1, resume=True)

    assert (begun.epochs, resumed.epochs, whole.epochs) == (1, 2, 2)
    first, second = (load_state(tmp_path / run / "last.pt")["weights"] for run in ("whole", "parts"))
    for name, value in first.items():
        assert torch.allclose(value, second[name], atol=1e-5), name
    with pytest.raises(UsageError, match="no checkpoint to resume from"):
        train_ssd(short, tmp_path / "none", folder(), resume=True, threads=1)


def test_resuming_with_other_priors_is_refused(tmp_path: Path) -> None:
    short = {"epochs": 2, "batches_per_epoch": 1, "batch_size": 2}
    train_ssd(config(optimisation=short), tmp_path, folder(), threads=1, minutes=1e-9)

    for priors in ({"sizes_wh": ((16, 16), (24, 12))}, {"count": 3}):
        with pytest.raises(UsageError, match=r"last.pt: prior_sizes: expected .* as configured, got .*"):
            train_ssd(config(priors=priors, optimisation=short), tmp_path, folder(), threads=1, resume=True)

    assert train_ssd(config(optimisation=short), tmp_path, folder(), threads=1, resume=True).epochs == 2


def test_a_refit_learns_all_pictures_and_keeps_the_last_epoch_and_the_priors(tmp_path: Path) -> None:
    first = load_state(trained().checkpoint)
    refit = config(
        data={"train": ["train", "val"]},
        priors={"sizes_wh": first["prior_sizes"][0]},
        optimisation={"epochs": 3, "batches_per_epoch": 1, "batch_size": 2, "learning_rate": 1e-6},
    )

    result = train_ssd(refit, tmp_path, folder(), start=trained().checkpoint, threads=1)

    kept, last = load_state(result.checkpoint), load_state(tmp_path / "last.pt")
    assert kept["prior_sizes"] == first["prior_sizes"]
    assert all(torch.equal(value, last["weights"][name]) for name, value in kept["weights"].items())
    page = result.report.read_text("utf-8")
    assert "shapes, split train and shapes, split val: 24 pictures" in page
    assert "seen again" in page
    assert "chosen by" not in page


def test_what_was_trained_on_is_told_of_the_pictures_that_int8_is_judged_by() -> None:
    materials = open_detect_materials(
        str(folder()), LABELS, {"data": {"train": ["train", "val"]}}, pairs=False, calibration=4, held_out=4
    )

    assert materials.calibration_name == "shapes, split train"
    assert materials.held_out_name == "shapes, split val (trained on as well)"


def test_a_split_is_left_to_calibrate_with() -> None:
    with pytest.raises(ValidationError, match="expected a split beside val, to calibrate int8 with"):
        config(data={"train": "val"})


def test_a_pair_model_begins_with_the_weights_of_one_that_sees_the_picture_alone(tmp_path: Path) -> None:
    pair = config(
        view={"size_wh": (96, 64), "pair": True},
        optimisation={"epochs": 1, "batches_per_epoch": 1, "batch_size": 2, "learning_rate": 1e-6},
    )

    result = train_ssd(pair, tmp_path, folder(), start=trained().checkpoint, threads=1)

    weights = load_state(result.checkpoint)["weights"]
    assert weights["down.0.0.0.weight"].shape[1] == 6
    assert float(weights["down.0.0.0.weight"][:, 3:].abs().max()) < 1e-4
    assert result.metrics.mean_ap > 0.7


def test_a_trained_detector_becomes_a_bundle_that_the_device_measures_alike(tmp_path: Path) -> None:
    out = tmp_path / "shapes.zip"

    result = bundle(step(work()), out, "command")

    opened = open_bundle(out)
    manifest = opened.manifest
    assert manifest.labels == LABELS
    assert manifest.require_detect().decoder == "ssd"
    assert {sample.judgement for sample in manifest.golden} == {"OK", "NG"}
    found = evaluate_detect(opened, REQUEST, None, folder(), "val")
    assert found.figures["map50"] == pytest.approx(result.of("int8").figures["map50"], abs=1e-6)
    assert found.figures["map50"] == pytest.approx(manifest.accuracy[0].int8["map50"], abs=1e-4)
    assert sum(found.verdicts["NG"].values()) + sum(found.verdicts["OK"].values()) == 12
    card = opened.read("MODEL_CARD.md").decode()
    assert "Finds square, bar in 96 x 64 pixels of RGB" in card


def test_boxes_count_from_the_score_of_the_highest_f_score_where_none_is_given() -> None:
    subject = step(work()).subject
    assert isinstance(subject, DetectSubject)
    engine = Verification(subject, work().read_model("fp32")).gate.reference.runner.engine
    found, truths = subject.run(engine).every, [truth_of(sample) for sample in subject.samples]

    metrics = measure(found, truths, LABELS)

    detect = work().read_facts().description.detect
    assert detect is not None
    assert detect.score_threshold == subject.threshold
    assert metrics.f_score(subject.threshold) == max(
        metrics.f_score(score) for score in np.arange(0.01, 1, 0.01)
    )


def test_every_quantize_chooses_from_which_score_boxes_count(tmp_path: Path) -> None:
    again = Work(tmp_path / "again")
    facts = work().read_facts()
    assert facts.description.detect is not None
    stale = facts.description.detect.model_copy(update={"score_threshold": 0.99})
    again.write_facts(
        facts.model_copy(update={"description": facts.description.model_copy(update={"detect": stale})})
    )
    again.write_model("fp32", work().read_model("fp32"))

    quantize(step(again))

    assert again.read_facts().description.detect == facts.description.detect


def test_golden_samples_may_come_from_other_pictures_than_the_held_out_ones() -> None:
    subject = step(work()).subject
    assert isinstance(subject, DetectSubject)
    materials = Materials(box_samples(4), "some", box_samples(8, 20), "others")
    drawn = DetectSubject(subject.manifest, materials, golden=box_samples(12, 40))

    golden = Verification(drawn, work().read_model("fp32")).gate.golden

    assert {sample.picture for sample in golden} <= {sample.name for sample in box_samples(12, 40)}
    assert len(golden) >= 4


def test_suppression_inside_the_graph_gives_the_same_findings(tmp_path: Path) -> None:
    plain, inside = tmp_path / "plain.zip", tmp_path / "inside.zip"
    bundle(step(work()), plain, "command")
    bundle(step(work()), inside, "command", suppression=True)

    figures = [
        evaluate_detect(open_bundle(file), REQUEST, None, folder(), "val").figures for file in (plain, inside)
    ]

    assert open_bundle(inside).manifest.require_detect().decoder == "ssd-decoded"
    assert figures[1] == pytest.approx(figures[0], abs=0.01)


@pytest.mark.parametrize("change", [{"votes": 8}, {"exclusive": True}])
def test_suppression_inside_the_graph_is_refused_where_boxes_vote(change: dict[str, Any]) -> None:
    manifest = step(work()).subject.manifest
    voting = manifest.require_detect().model_copy(update=change)

    with pytest.raises(UsageError, match=r"leaves no box to vote.*leave --nms out"):
        with_suppression(work().read_model("fp32"), manifest.model_copy(update={"detect": voting}))


def yolo_model(rows: int = 3) -> onnx.ModelProto:
    """A stand-in for a YOLO export: floats in, one answer (1, 4 + 2, rows) out, whatever it sees."""
    answer = np.zeros((1, 6, rows), np.float32)
    answer[0, :, 0] = (40, 30, 20, 10, 0.9, 0.1)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=1),
        helper.make_node("Squeeze", ["mean", "axis"], ["level"]),
        helper.make_node("Mul", ["level", "none"], ["nothing"]),
        helper.make_node("Add", ["constant", "nothing"], ["output0"]),
    ]
    values = {"constant": answer, "none": np.zeros(1, np.float32), "axis": np.array([3], np.int64)}
    graph = helper.make_graph(
        nodes,
        "yolo",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 96])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 6, rows])],
        [onnx.numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def test_a_yolo_export_is_adopted_with_its_own_layout() -> None:
    description = described(
        labels=LABELS, view={"size_wh": (96, 64)}, detect={"decoder": "yolov8", "outputs": ["output0"]}
    )

    model = adopt(yolo_model(), description)

    manifest = draft_detect_manifest(description, *names_of(model))
    assert manifest.require_detect().scaling == "letterbox"
    assert model.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
    assert [output.name for output in model.graph.output] == ["output0"]


def test_outputs_that_do_not_fit_the_layout_are_refused() -> None:
    wrong = described(labels=LABELS, view={"size_wh": (96, 64)}, detect={"decoder": "ssd-decoded"})

    with pytest.raises(ManifestError, match=r"detect.outputs: expected 2 of output0, got output0"):
        adopt(yolo_model(), wrong)
