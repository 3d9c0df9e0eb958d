"""From a training of seconds to a bundle that the device opens: the steps, not the quality."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.bundle.archive import open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import BundleError, UsageError
from export.description import Description
from export.embed.config import EmbedConfig
from export.embed.evaluate import evaluate_embed
from export.embed.loop import train_embedder
from export.embed.people import cast_of_line
from export.embed.subject import EmbedRun, EmbedSubject, draft_embed_manifest
from export.floating import kept_float
from export.pack import write_packed
from export.pipeline import Step, convert_torch, quantize
from export.sources import load_torch
from export.verify import Verification
from export.work import Work

pytestmark = pytest.mark.export

CONFIG = {
    "name": "tiny",
    "network": {
        "kind": "bottlenecks",
        "upright_px": 32,
        "side_px": 64,
        "stem": 8,
        "stages": [{"width": 16, "stride": 2, "depthwise": False}, {"width": 16, "stride": 2}],
        "head": 32,
        "dimensions": 16,
    },
    "data": {"kind": "marks", "identities": 20, "grounds": 2},
    "optimisation": {"epochs": 2, "batches_per_epoch": 2, "batch_size": 8, "precision": "fp32"},
}
DESCRIPTION = Description.model_validate(
    {
        "name": "tiny",
        "version": "0.1.0",
        "licence": "CC0-1.0",
        "embed": {"dimensions": 1, "threshold": 0.0, "margin": 0.9},
        "provenance": [{"name": "drawn", "licence": "CC0-1.0", "attribution": "nobody", "use": "all"}],
    }
)


@cache
def trained() -> Path:
    folder = Path(mkdtemp())
    train_embedder(EmbedConfig.model_validate(CONFIG), folder)
    return folder


@cache
def step() -> Step:
    folder = trained()
    source = load_torch(str(folder / "best.pt"), DESCRIPTION)
    manifest = draft_embed_manifest(source.description, "image", "embedding")
    subject = EmbedSubject(manifest, cast_of_line(5, 2, 2, 600_000), cast_of_line(6, 3, 4))
    work = Work(folder)
    convert_torch(source, 18, subject, work)
    return Step(work, subject, lambda _: None)


def test_a_training_can_be_resumed_where_it_ended(tmp_path: Path) -> None:
    shorter = {**CONFIG, "optimisation": {**CONFIG["optimisation"], "epochs": 1}}  # type: ignore[dict-item]
    train_embedder(EmbedConfig.model_validate(shorter), tmp_path)

    result = train_embedder(EmbedConfig.model_validate(CONFIG), tmp_path, resume=True)

    assert result.epochs == 2
    assert {"eer", "tar_1e3", "upright_error"} <= set(result.metrics)
    page = (tmp_path / "report.html").read_text()
    assert "Equal error rate" in page
    assert "How alike pairs are" in page
    assert "Pictures of one identity that resemble each other least" in page


def test_resuming_with_another_network_is_refused(tmp_path: Path) -> None:
    train_embedder(EmbedConfig.model_validate(CONFIG), tmp_path)
    wider = {**CONFIG, "network": {**CONFIG["network"], "head": 40}}  # type: ignore[dict-item]

    with pytest.raises(UsageError, match="resume with the same configuration"):
        train_embedder(EmbedConfig.model_validate(wider), tmp_path, resume=True)


def test_the_checkpoint_brings_its_own_margin_and_dimensions() -> None:
    embed = step().subject.manifest.require_embed()

    assert (embed.margin, embed.dimensions) == (0.1, 16)


def test_coordinates_stay_in_float() -> None:
    graph = step().work.read_model("fp32").graph
    feeding = {name for node in graph.node if node.op_type == "GridSample" for name in node.input[1:]}

    kept = set(kept_float(graph))

    assert any(node.name in kept for node in graph.node if feeding & set(node.output))


def test_the_device_opens_the_bundle_and_tells_identities_by_it(tmp_path: Path) -> None:
    made = step()
    quantize(made)
    result = Verification(made.subject, made.work.read_model("fp32")).result(made.work.read_model("int8"))
    out = tmp_path / "tiny.zip"
    try:
        write_packed(out, made.work, result, "python -m export bundle work")
    except BundleError as error:
        if "the model is too uncertain to be checked" not in str(error):
            raise
        pytest.skip(f"an untrained model: {error}")

    opened = open_bundle(out)
    load_engine(opened, EngineRequest("onnxruntime", "int8")).close()
    found = evaluate_embed(opened, None, EngineRequest("onnxruntime", "fp32"), cast_of_line(6, 3, 4))

    assert opened.manifest.task == "embed"
    assert opened.manifest.labels == ()
    assert found.not_found == 0
    assert 0 <= found.figures["rank1"] <= 1
    assert "Who is to be known is enrolled" in opened.read("MODEL_CARD.md").decode()


def test_who_told_rightly_is_ok_and_strangers_must_stay_unknown() -> None:
    subject = step().subject
    assert isinstance(subject, EmbedSubject)
    probes = len(subject.cast.probes)
    gallery = np.eye(9, 16, dtype=np.float32)
    right = np.stack([gallery[3 * (index // 3)] for index in range(9)])
    strangers = -np.ones((probes - 9, 16), np.float32) / 4
    run = EmbedRun(gallery, np.concatenate([right, strangers]), subject)

    assert [picture.judgement for picture in run.pictures] == ["OK"] * probes
    assert run.figures["rank1"] == 1.0
