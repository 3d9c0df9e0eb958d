"""The choice among real engines: what is measured, left out, or asked for by name."""

from pathlib import Path
from typing import Any

import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.engines import onnx
from edgevision.engines.choose import candidates, choose_engine
from edgevision.engines.guard import load_guarded
from edgevision.errors import BundleError, EngineError
from tests.bundles import bundle_parts, make_bundle
from tests.enginechoices import settings
from tests.realengines import needs_openvino

# With one engine there is nothing to choose from.
pytestmark = needs_openvino


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip"))


def bundle_with(path: Path, files: dict[str, bytes], **changes: Any) -> Bundle:
    fields, made = bundle_parts()
    made |= files
    write_bundle(path, Manifest.model_validate(fields | {"files": file_hashes(made)} | changes), made)
    return open_bundle(path)


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
