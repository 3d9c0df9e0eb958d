from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.golden import golden_batch
from edgevision.errors import BundleError, GoldenMismatch
from export.pack import write_packed
from export.pipeline import Step, bundle
from export.verify import GateResult, Verification
from tests.darkness import fp32_model, subject, write_work

pytestmark = pytest.mark.export

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@cache
def result() -> GateResult:
    return Verification(subject(), fp32_model()).result(fp32_model())


def packed(folder: Path) -> Path:
    work = write_work(folder / "work", fp32_model())
    work.write_model("int8", fp32_model())
    out = folder / "darkness.zip"
    write_packed(out, work, result(), "python -m export bundle work", created=MOMENT)
    return out


def test_the_device_opens_the_bundle_and_finds_everything_in_it(tmp_path: Path) -> None:
    opened = open_bundle(packed(tmp_path))

    manifest = opened.manifest
    assert (manifest.name, manifest.version, manifest.labels) == ("darkness", "0.1.0", ("background", "dark"))
    assert manifest.created == "2026-01-02T03:04:05Z"
    assert manifest.command == "python -m export bundle work"
    assert manifest.require_segment().min_area_px == 8
    assert manifest.require_segment().line_like == ("dark",)
    assert manifest.provenance[0].licence == "CC0-1.0"
    assert manifest.parameters is not None
    assert manifest.parameters > 0
    assert {"onnx", "onnxruntime", "torch", "python"} <= set(manifest.tools)
    assert manifest.accuracy[0].samples == 12
    assert manifest.accuracy[0].split == "drawn, second"
    assert manifest.accuracy[0].fp32["mean_iou"] > 0.9
    assert manifest.accuracy[0].int8["agreement_with_fp32"] == 1.0


def test_golden_samples_come_back_as_the_very_inputs_they_were(tmp_path: Path) -> None:
    opened = open_bundle(packed(tmp_path))

    samples = opened.manifest.golden
    assert [sample.judgement for sample in samples] == ["OK"] * 4 + ["NG"] * 4
    for sample, chosen in zip(samples, result().golden, strict=True):
        np.testing.assert_array_equal(golden_batch(opened, sample), chosen.batch)
    assert opened.read(samples[4].expected["int8"]) == result().of("int8").golden[4].data
    assert _class_ids(opened, samples[4].expected["int8"]).any()


def _class_ids(opened: Bundle, name: str) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(opened.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(decoded)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert packed(tmp_path / "one").read_bytes() == packed(tmp_path / "two").read_bytes()


def test_the_model_card_says_how_good_the_model_is_and_where_it_came_from(tmp_path: Path) -> None:
    card = open_bundle(packed(tmp_path)).read("MODEL_CARD.md").decode()

    assert "# darkness 0.1.0" in card
    assert "| mean_iou | " in card
    assert "12 pictures: drawn, second." in card
    assert "| drawn | CC0-1.0 | nobody | tests |" in card


def test_what_the_gate_refuses_is_not_written(tmp_path: Path) -> None:
    work = write_work(tmp_path / "work", fp32_model())
    blind = fp32_model()  # its softmax will run along rows
    blind.graph.node[-1].attribute[0].i = 2
    work.write_model("int8", blind)
    out = tmp_path / "darkness.zip"

    with pytest.raises(BundleError, match=r"darkness\.zip: refused by the gate; see .*gate\.html"):
        bundle(Step(work, subject(), lambda _: None), out, "command")

    assert not out.exists()
    assert (tmp_path / "work/gate.html").is_file()
    assert (tmp_path / "work/gate.json").is_file()


def test_nothing_is_left_behind_when_the_device_refuses_the_bundle(tmp_path: Path) -> None:
    work = write_work(tmp_path / "work", fp32_model())
    unlike_what_the_gate_saw = fp32_model()
    unlike_what_the_gate_saw.graph.node[-1].attribute[0].i = 2
    work.write_model("int8", unlike_what_the_gate_saw)

    with pytest.raises(GoldenMismatch):
        write_packed(tmp_path / "x.zip", work, result(), "command", created=MOMENT)

    assert [path.name for path in tmp_path.iterdir()] == ["work"]
