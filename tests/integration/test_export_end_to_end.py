"""From a training to a verdict: a small UNet is trained, converted, quantised, judged, bundled and run."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.bundle.archive import open_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import candidates
from edgevision.engines.load import load_engine
from edgevision.types import Frame
from export.cli import main
from export.evaluate import recipe_of
from export.runners import segment_step_of, segment_task
from tests.darkness import held_out, write_folder

pytestmark = pytest.mark.export

CONFIG = """
schema: edgevision.training/1
name: darkness
labels: [background, dark]
line_like: [dark]
network: {kind: unet-lite, classes: 2, base_channels: 8, depth: 1}
view: {size_wh: [64, 64]}
data: {kind: folder}
augmentation: {scale: [1.0, 1.0], rotation_deg: 0.0, brightness: 0.05, contrast: 0.05, sensor_share: 0.0}
optimisation:
  {epochs: 1, batches_per_epoch: 60, batch_size: 4, learning_rate: 0.02, ema_decay: 0.9, precision: fp32}
"""
DESCRIPTION = """
schema: edgevision.model/1
name: darkness
version: 1.0.0
licence: Apache-2.0
min_area_px: 8
provenance:
  - {name: drawn, licence: CC0-1.0, attribution: nobody, use: tests}
"""


def test_a_trained_network_becomes_a_bundle_that_every_engine_here_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = write_folder(tmp_path / "data"), tmp_path / "out"
    (tmp_path / "train.yaml").write_text(CONFIG)
    (tmp_path / "mine.yaml").write_text(DESCRIPTION)
    arguments = ["all", "train.yaml", "--manifest", "mine.yaml", "--out", str(out), "--data", str(folder)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["export", *arguments])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code in (0, None), capsys.readouterr().err
    assert json.loads((out / "gate.json").read_text())["passed"] is True
    bundle = open_bundle(out / "darkness.zip")
    assert bundle.manifest.labels == ("background", "dark")
    assert bundle.manifest.accuracy[0].int8["mean_iou"] > 0.5
    for request in candidates(bundle, EngineSettings()):
        engine = load_engine(bundle, request)
        task = segment_task(bundle.manifest, segment_step_of(recipe_of(bundle.manifest)), engine)
        clean, marked = (
            task.run(Frame(sample.image_bgr, "cam1", index, 0, 0))
            for index, sample in enumerate(held_out(2, 100))
        )
        engine.close()
        assert clean.defects == ()
        assert [defect.label for defect in marked.defects] == ["dark"]
