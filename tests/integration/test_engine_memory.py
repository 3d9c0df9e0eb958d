"""What is remembered of measured engines, and when they are measured again."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.engines.choose import choose_engine, tune_engine
from edgevision.engines.guard import load_guarded
from tests.bundles import make_bundle
from tests.enginechoices import remember, settings
from tests.realengines import needs_openvino

# With one engine there is nothing to choose from.
pytestmark = needs_openvino


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip"))


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
