import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.bundle.archive import open_bundle
from tests.bundles import make_bundle
from tests.detectbundles import make_cell_bundle
from tests.stations import run_edgevision
from tests.videos import shorten, write_video

FRAMES = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle, a video and the output of one benchmark with both."""
    folder = tmp_path_factory.mktemp("bench")
    make_bundle(folder / "tiny.zip", precisions=("fp32", "int8"))
    write_video(folder / "belt.avi", frames=FRAMES)
    done = run_edgevision(
        *("bench", str(folder / "tiny.zip"), "--video", str(folder / "belt.avi"), "--rounds", "1"),
        *("--engine", "onnxruntime", "--precision", "int8", "--json", str(folder / "bench.json")),
        XDG_CACHE_HOME=str(folder / "cache"),
    )
    (folder / "stdout").write_text(done.stdout)
    (folder / "stderr").write_text(done.stderr)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "bench.json").read_bytes())
    return found


def test_the_figures_name_the_bundle_and_the_video_they_belong_to(
    folder: Path, content: dict[str, Any]
) -> None:
    assert content["bundle_sha256"] == open_bundle(folder / "tiny.zip").sha256
    assert content["video"] == {
        "name": "belt.avi",
        "codec": "MJPG",
        "size_wh": [160, 120],
        "frames": FRAMES,
        "is_made": False,
    }


def test_the_model_is_measured_alone_in_both_precisions(content: dict[str, Any]) -> None:
    measured = {(model["engine"], model["precision"]) for model in content["models"]}

    assert {("onnxruntime", "fp32"), ("onnxruntime", "int8")} <= measured
    assert content["refused"] == {}


def test_the_loop_runs_on_the_asked_engine_and_is_compared_with_its_bound(content: dict[str, Any]) -> None:
    asked = content["loops"][-1]
    figures = {name: spread["median"] for name, spread in asked["figures"].items()}

    assert (asked["engine"], asked["precision"]) == ("onnxruntime", "int8")
    assert figures["share"] == pytest.approx(figures["rate_hz"] / figures["bound_hz"])
    model_ms = next(
        model["cpu_ms"]["median"]
        for model in content["models"]
        if (model["engine"], model["precision"]) == ("onnxruntime", "int8")
    )
    needed_ms = model_ms + content["decode_cpu_ms"]["median"]
    assert figures["bound_hz"] == pytest.approx(1e3 * content["machine"]["cores"] / needed_ms)
    assert figures["cpu_ratio"] == pytest.approx(figures["cpu_ms"] / needed_ms)


def test_a_fresh_process_imports_before_its_first_verdict_and_needs_real_memory(
    content: dict[str, Any],
) -> None:
    start = content["start"]

    assert 0.0 < start["import_s"]["median"] < start["first_verdict_s"]["median"]
    assert start["peak_mb"]["median"] > 20


def test_people_get_tables_and_no_noise(folder: Path) -> None:
    printed = (folder / "stdout").read_text()

    for title in ("Benchmark", "Model alone", "Whole loop", "Fresh process"):
        assert title in printed
    assert (folder / "stderr").read_text() == ""


def test_a_video_that_is_not_there_ends_with_6(folder: Path) -> None:
    done = run_edgevision("bench", str(folder / "tiny.zip"), "--video", str(folder / "absent.mp4"))

    assert done.returncode == 6
    assert "absent.mp4" in done.stderr
    assert "Traceback" not in done.stderr


def test_figures_that_could_not_be_written_are_refused_before_measuring(folder: Path) -> None:
    done = run_edgevision("bench", str(folder / "tiny.zip"), "--json", str(folder / "absent" / "bench.json"))

    assert done.returncode == 8
    assert done.stdout == ""


def test_a_damaged_bundle_ends_with_4(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes((folder / "tiny.zip").read_bytes()[:-100])

    assert run_edgevision("bench", str(damaged)).returncode == 4


def test_a_recording_that_ends_early_is_told_and_not_measured(folder: Path) -> None:
    cut = shorten(folder / "belt.avi", 0.6)

    done = run_edgevision("bench", str(folder / "tiny.zip"), "--video", str(cut), "--rounds", "1")

    assert done.returncode == 3
    assert str(cut) in done.stderr


def test_a_detector_is_measured_with_what_it_costs_beside_its_model(tmp_path: Path) -> None:
    make_cell_bundle(tmp_path / "cells.zip")
    write_video(tmp_path / "belt.avi", frames=FRAMES)
    done = run_edgevision(
        *("bench", str(tmp_path / "cells.zip"), "--video", str(tmp_path / "belt.avi"), "--rounds", "1"),
        *("--engine", "onnxruntime", "--json", str(tmp_path / "bench.json")),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )

    assert done.returncode == 0, done.stderr
    assert "From the answer to boxes" in done.stdout
    found = json.loads((tmp_path / "bench.json").read_bytes())["postprocess"]
    assert found["candidates"] >= 64
    assert found["time_ms"]["median"] > 0


def test_what_a_ledger_costs_is_told_beside_its_limit(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_edgevision(
        *("bench", str(folder / "tiny.zip"), "--ledger", "--rounds", "1", "--engine", "onnxruntime"),
        *("--json", "ledger.json"),
        XDG_CACHE_HOME=str(folder / "cache"),
    )
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "ledger.json").read_bytes())
    assert said["without_hz"]["median"] > 0
    cost_s = 1 / said["with_hz"]["median"] - 1 / said["without_hz"]["median"]
    assert said["cost_ms"]["median"] == 1e3 * cost_s
    assert said["cpu_ms"]["median"] > 0
    assert said["ratio"]["median"] == 0.01 / (0.01 + cost_s)
    assert 0 < said["commit_p50_ms"]["median"] <= said["commit_p99_ms"]["median"]
    assert "0.95" in done.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "ledger.json"]
