"""The choice among real engines, and how it is remembered."""

import importlib.util
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines import onnx
from edgevision.engines.choose import candidates, choose_engine, tune_engine
from edgevision.engines.guard import load_guarded
from edgevision.errors import BundleError, EngineError
from tests.bundles import bundle_parts, make_bundle

# Not importorskip: importing OpenVINO plainly makes it send usage data.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="openvino is not installed: nothing to choose from"
)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip"))


def bundle_with(path: Path, files: dict[str, bytes], **changes: Any) -> Bundle:
    fields, made = bundle_parts()
    made |= files
    write_bundle(path, Manifest.model_validate(fields | {"files": file_hashes(made)} | changes), made)
    return open_bundle(path)


def settings(cache_dir: Path, **changes: Any) -> EngineSettings:
    return EngineSettings(cache_dir=cache_dir, **{"provider": "cpu", "threads": 1} | changes)


def test_every_engine_is_measured_in_every_precision(bundle: Bundle, tmp_path: Path) -> None:
    choice = choose_engine(bundle, settings(tmp_path), streams=2)
    table = {(m.engine, m.precision): m.median_ms for m in choice.measurements}
    assert set(table) == {(e, p) for e in ("onnxruntime", "openvino") for p in ("int8", "fp32")}
    times = [time for time in table.values() if time is not None]
    assert len(times) == 4
    chosen = table[choice.request.engine, choice.request.precision]
    assert chosen is not None
    assert chosen <= 1.1 * min(times)
    assert (choice.request.threads, choice.request.streams, choice.is_remembered) == (1, 2, False)


def test_the_choice_is_remembered_and_follows_the_remembered_times(bundle: Bundle, tmp_path: Path) -> None:
    choose_engine(bundle, settings(tmp_path))
    file = tmp_path / "engines.json"
    document = json.loads(file.read_text())
    (rows,) = document["choices"].values()
    for row in rows:
        row["median_ms"] = 1.0 if (row["engine"], row["precision"]) == ("onnxruntime", "fp32") else 2.0
    file.write_text(json.dumps(document))
    choice = choose_engine(bundle, settings(tmp_path))
    assert choice.is_remembered
    assert (choice.request.engine, choice.request.precision) == ("onnxruntime", "fp32")


def remember(file: Path, fastest: dict[str, Any]) -> None:
    """Let one of the remembered candidates be the fastest."""
    document = json.loads(file.read_text())
    for row in next(iter(document["choices"].values())):
        row["median_ms"] = 1.0 if fastest.items() <= row.items() else 9.0
    file.write_text(json.dumps(document))


def test_tuning_tries_other_divisions_of_the_threads_and_the_fastest_is_taken_from_then_on(
    bundle: Bundle, tmp_path: Path
) -> None:
    asked = settings(tmp_path, threads=2)
    tuned = tune_engine(bundle, asked, streams=2, budget_s=0.1)
    ways = {(m.engine, m.streams, m.threads) for m in tuned.measurements if m.precision == "int8"}
    assert ways == {(e, s, t) for e in ("onnxruntime", "openvino") for s, t in ((2, 2), (1, 2), (1, 1))}
    remember(
        tmp_path / "engines.json", {"engine": "openvino", "precision": "fp32", "streams": 1, "threads": 1}
    )
    request = choose_engine(bundle, asked, streams=2).request
    assert (request.engine, request.precision) == ("openvino", "fp32")
    assert (request.streams, request.threads) == (1, 1)


def test_a_live_camera_and_replay_are_tuned_apart(bundle: Bundle, tmp_path: Path) -> None:
    asked = settings(tmp_path, threads=2)
    tune_engine(bundle, asked, streams=2, budget_s=0.1)
    assert choose_engine(bundle, asked, streams=2).is_remembered
    assert not choose_engine(bundle, asked, streams=1).is_remembered


def test_tuning_counts_for_a_decided_engine_too(bundle: Bundle, tmp_path: Path) -> None:
    decided = settings(tmp_path, threads=2, name="openvino", precision="int8")
    tune_engine(bundle, decided, streams=1, budget_s=0.1)
    remember(tmp_path / "engines.json", {"threads": 1})
    assert choose_engine(bundle, decided).request.threads == 1


def test_a_listed_provider_that_does_not_load_is_left_out_and_tried_again_at_the_next_start(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a GPU build of ONNX Runtime without its libraries: CUDA is listed and falls back when loading.
    monkeypatch.setattr(onnx, "available_providers", lambda: ("cuda", "cpu"))
    for _ in range(2):
        choice = choose_engine(bundle, settings(tmp_path, name="onnxruntime", provider="auto"))
        assert choice.request.provider == "cpu"
        assert not choice.is_remembered
        excluded = {m.excluded for m in choice.measurements if m.provider == "cuda"}
        assert all("expected provider cuda, got cpu" in reason for reason in excluded)


@pytest.mark.parametrize(("fp32_ms", "precision"), [(1.0, "int8"), (0.95, "int8"), (0.5, "fp32")])
def test_int8_wins_unless_fp32_is_clearly_faster(
    bundle: Bundle, tmp_path: Path, fp32_ms: float, precision: str
) -> None:
    choose_engine(bundle, settings(tmp_path, name="onnxruntime"))
    file = tmp_path / "engines.json"
    document = json.loads(file.read_text())
    for row in next(iter(document["choices"].values())):
        row["median_ms"] = fp32_ms if row["precision"] == "fp32" else 1.0
    file.write_text(json.dumps(document))
    assert choose_engine(bundle, settings(tmp_path, name="onnxruntime")).request.precision == precision


@pytest.mark.parametrize("changes", [{"threads": 2}, {"precision": "fp32"}])
def test_other_settings_are_measured_again(bundle: Bundle, tmp_path: Path, changes: dict[str, Any]) -> None:
    choose_engine(bundle, settings(tmp_path))
    assert not choose_engine(bundle, settings(tmp_path, **changes)).is_remembered
    assert choose_engine(bundle, settings(tmp_path)).is_remembered


def test_another_bundle_is_measured_again(bundle: Bundle, tmp_path: Path) -> None:
    choose_engine(bundle, settings(tmp_path))
    other = open_bundle(make_bundle(tmp_path / "other.zip", description="other"))
    assert not choose_engine(other, settings(tmp_path)).is_remembered


def test_a_damaged_memory_is_measured_again_with_a_warning(
    bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "engines.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert not choose_engine(bundle, settings(tmp_path)).is_remembered
    assert "engines.json: ignored" in caplog.text
    assert choose_engine(bundle, settings(tmp_path)).is_remembered


def test_a_memory_that_cannot_be_written_costs_a_warning(
    bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        choice = choose_engine(bundle, settings(tmp_path / "file" / "cache"))
    assert choice.measurements
    assert choice.kept_in is None
    assert "measured again at each start" in caplog.text


def test_a_decided_engine_is_not_measured(bundle: Bundle, tmp_path: Path) -> None:
    choice = choose_engine(bundle, settings(tmp_path, name="openvino", precision="int8", require=True))
    assert (choice.request.engine, choice.request.precision) == ("openvino", "int8")
    assert choice.request.require
    assert choice.measurements == ()
    assert not (tmp_path / "engines.json").exists()


def test_candidates_whose_golden_samples_differ_are_left_out_and_that_is_remembered(tmp_path: Path) -> None:
    fields, files = bundle_parts()
    fields["golden"][0]["expected"]["int8"] = "golden/ng.map.png"
    write_bundle(tmp_path / "b.zip", Manifest.model_validate(fields), files)
    bundle = open_bundle(tmp_path / "b.zip")
    choice = choose_engine(bundle, settings(tmp_path))
    assert choice.request.precision == "fp32"
    excluded = [m for m in choice.measurements if m.precision == "int8"]
    assert all(m.median_ms is None and "golden/ok.png in int8" in m.excluded for m in excluded)
    assert len(excluded) == 2
    assert choose_engine(bundle, settings(tmp_path)).is_remembered


def test_a_candidate_that_cannot_load_is_left_out_and_tried_again_at_the_next_start(tmp_path: Path) -> None:
    bundle = bundle_with(tmp_path / "b.zip", {"model.int8.onnx": b"no model"})
    for _ in range(2):
        choice = choose_engine(bundle, settings(tmp_path))
        assert choice.request.precision == "fp32"
        assert not choice.is_remembered


def test_when_nothing_runs_every_reason_is_given(tmp_path: Path) -> None:
    bundle = bundle_with(tmp_path / "b.zip", {"model.int8.onnx": b"x", "model.fp32.onnx": b"x"})
    with pytest.raises(EngineError) as caught:
        choose_engine(bundle, settings(tmp_path))
    assert str(caught.value).count("cannot load the") == 4


def test_when_every_engine_refuses_the_bundle_the_bundle_is_at_fault(tmp_path: Path) -> None:
    bundle = bundle_with(tmp_path / "b.zip", {}, outputs=[{"name": "probabilities"}])
    with pytest.raises(BundleError, match="expected probabilities, got classes"):
        choose_engine(bundle, settings(tmp_path))


def test_a_provider_asked_for_by_name_is_tried_where_it_could_be(bundle: Bundle, tmp_path: Path) -> None:
    requests = candidates(bundle, settings(tmp_path, provider="tensorrt"))
    assert {(r.engine, r.provider, r.require) for r in requests} == {("onnxruntime", "tensorrt", False)}


def test_a_fallback_is_reported_and_not_remembered(bundle: Bundle, tmp_path: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has a GPU build of ONNX Runtime")
    for _ in range(2):
        choice = choose_engine(bundle, settings(tmp_path, provider="cuda"))
        assert {(m.provider, m.provider_used) for m in choice.measurements} == {("cuda", "cpu")}
        assert not choice.is_remembered


@pytest.mark.parametrize(("name", "engines"), [("auto", 2), ("openvino", 1)])
def test_what_may_replace_a_failed_engine_is_what_the_settings_allow_in_the_same_precision(
    bundle: Bundle, tmp_path: Path, name: str, engines: int
) -> None:
    guard = load_guarded(bundle, settings(tmp_path, name=name, precision="fp32"), streams=1)
    loaded = [load() for load in guard._loads]
    infos = [engine.info for engine in loaded]
    for engine in (guard, *loaded):
        engine.close()

    assert infos[0] == guard.info
    assert len({info.engine for info in infos}) == len(infos) == engines
    assert {info.precision for info in infos} == {"fp32"}


def test_a_remembered_engine_that_does_not_run_here_is_replaced_by_one_that_does(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = settings(tmp_path)
    choose_engine(bundle, asked)
    remember(tmp_path / "engines.json", {"engine": "openvino", "precision": "int8"})

    # As in a sandbox that lets no memory become executable.
    def refuse(*_: object) -> None:
        raise RuntimeError("can't protect")

    monkeypatch.setattr("openvino.Core.compile_model", refuse)

    guard = load_guarded(bundle, asked, streams=1)
    guard.close()

    assert guard.info.engine == "onnxruntime"
    assert "does not run here" in caplog.text
