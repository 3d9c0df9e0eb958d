"""The suite of the benchmark as a user runs it, short, and the pieces of it that need real engines."""

import json
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.bench.suite.loops import plain_loop, side_by_side, skilled_loop
from edgevision.bench.suite.matrix import matrix_product
from edgevision.bench.suite.sessions import (
    Batch,
    Call,
    InferQueue,
    onnxruntime_call,
    opencv_call,
    openvino_call,
)
from edgevision.errors import EngineError
from tests.bundles import make_onnx
from tests.integration.conftest import Command
from tests.mosquitto import needs_mosquitto
from tests.realengines import needs_openvino
from tests.repo.files import ROOT
from tests.stations import run_edgevision
from tests.videos import write_video

SIZE = 64
FRAMES = 12

each_call = pytest.mark.parametrize(
    "load", [onnxruntime_call, opencv_call, pytest.param(openvino_call, marks=needs_openvino)]
)


def product_of(batch: Batch) -> Batch:
    """Return what `matrix_product` says it computes."""
    weights = np.random.default_rng(1).integers(-127, 128, (SIZE, SIZE)).astype(np.int8)
    exact = (0.01 * (batch.astype(np.float64) - 128)) @ (0.01 * weights.astype(np.float64))
    return np.clip(np.round(exact / 0.01) + 128, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("load", [onnxruntime_call, pytest.param(openvino_call, marks=needs_openvino)])
def test_the_matrix_product_is_a_model_that_engines_load_and_compute_rightly(
    load: Callable[[bytes], Call],
) -> None:
    batch = np.random.default_rng(2).integers(100, 156, (SIZE, SIZE)).astype(np.uint8)

    answer = load(matrix_product(SIZE))(batch)

    assert np.abs(answer.astype(int) - product_of(batch).astype(int)).max() <= 1


@each_call
def test_a_plain_loop_looks_at_every_frame_that_it_may(tmp_path: Path, load: Callable[[bytes], Call]) -> None:
    video = write_video(tmp_path / "belt.avi", frames=FRAMES)
    call = load(make_onnx((SIZE, SIZE), 2, "none", quantized=False))

    assert plain_loop(call, (SIZE, SIZE), video, frames=99, most_s=60.0).units == FRAMES
    assert plain_loop(call, (SIZE, SIZE), video, frames=5, most_s=60.0).units == 5
    assert plain_loop(call, (SIZE, SIZE), video, frames=99, most_s=0.0).units == 1


@needs_openvino
def test_a_skilled_loop_gets_every_answer(tmp_path: Path) -> None:
    video = write_video(tmp_path / "belt.avi", frames=FRAMES)
    answers: list[float] = []
    model = make_onnx((SIZE, SIZE), 2, "none", quantized=False)
    queue = InferQueue(model, lambda answer: answers.append(float(answer.max())))

    assert skilled_loop(queue, (SIZE, SIZE), video, frames=99).units == FRAMES
    assert len(answers) == FRAMES


def test_side_by_side_the_model_is_called_once_for_each_frame(tmp_path: Path) -> None:
    video = write_video(tmp_path / "belt.avi", frames=FRAMES)
    calls: list[int] = []

    assert side_by_side(lambda: calls.append(1), 2, video, frames=99).units == FRAMES
    assert len(calls) == FRAMES
    assert side_by_side(lambda: calls.append(1), 2, video, frames=5).units == 5


def test_side_by_side_ends_with_the_error_of_a_model(tmp_path: Path) -> None:
    def fail() -> None:
        raise EngineError("the model fails")

    with pytest.raises(EngineError, match="the model fails"):
        side_by_side(fail, 2, write_video(tmp_path / "belt.avi", frames=FRAMES), frames=99)


@each_call
def test_a_file_that_is_no_model_is_an_engine_error(load: Callable[[bytes], Call]) -> None:
    with pytest.raises(EngineError, match="cannot load the model"):
        load(b"no model")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the output of one short run."""
    folder = tmp_path_factory.mktemp("suite")
    write_video(folder / "belt.avi", frames=FRAMES)
    with chdir(folder):
        done = run_edgevision(
            *("bench", "--suite", "--video", "belt.avi", "--rounds", "1", "--turn", "0.05"),
            *("--out", "suite.json"),
            XDG_CACHE_HOME=str(folder / "cache"),
            PYTHONPATH=str(ROOT),
        )
    (folder / "suite.md").write_text(done.stdout)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return folder


@pytest.fixture
def content(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "suite.json").read_bytes())
    return found


def measured(content: dict[str, Any], start: str) -> float:
    (row,) = [row for row in content["rows"] if row["measure"].startswith(start)]
    assert row["value"] is not None, row["note"]
    median: float = row["value"]["median"]
    return median


@pytest.mark.parametrize(
    "start",
    [
        "replay: share",
        "replay: rate",
        "replay: CPU",
        "surface-crack: int8",
        "part-identity: int8",
        "part-identity: align",
        "part-mark: post-processing",
        "UNet int8: share",
        "4 cameras: rate",
        "largest resident memory",
        "process start",
        "device install",
        "matching against 100,000",
    ],
)
def test_every_figure_is_there_and_beside_its_target(content: dict[str, Any], start: str) -> None:
    assert measured(content, start) > 0
    (row,) = [row for row in content["rows"] if row["measure"].startswith(start)]
    assert row["target"]["kind"] in ("at least", "at most")
    assert isinstance(row["is_met"], bool)


def test_the_machine_the_models_and_the_video_are_named(content: dict[str, Any]) -> None:
    assert content["machine"]["versions"]["edgevision"]
    assert any(name.startswith("surface-crack ") for name in content["bundles"])
    assert (content["video"]["name"], content["video"]["frames"]) == ("belt.avi", FRAMES)


def test_what_is_printed_is_markdown_with_every_row(folder: Path, content: dict[str, Any]) -> None:
    text = (folder / "suite.md").read_text()

    assert text.startswith("## ")
    assert all(f"| {row['measure']} | " in text for row in content["rows"])
    assert all(f"**{table['title']}**" in text for table in content["tables"])


@needs_mosquitto
@pytest.mark.broker
def test_a_live_station_is_watched_from_outside(content: dict[str, Any]) -> None:
    live = [row for row in content["rows"] if row["measure"].startswith("live")]

    if len(live) == 1 and "the machine is too busy" in live[0]["note"]:
        pytest.skip(live[0]["note"])
    assert {row["unit"] for row in live[:2]} == {"ms"}
    assert measured(content, "live: duplicated") == 0


def test_a_bundle_or_the_suite_must_be_named() -> None:
    done = run_edgevision("bench")

    assert done.returncode == 2
    assert "builtin:surface-crack, or --suite" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("builtin:surface-crack", "--suite"), "leave out BUNDLE"),
        (("--suite", "--engine", "onnxruntime"), "leave out --engine"),
        (("--suite", "--precision", "fp32"), "leave out --precision"),
        (("--suite", "--ledger"), "leave out --ledger"),
        (("builtin:surface-crack", "--turn", "1"), "leave out --turn"),
        (("builtin:surface-crack", "--ledger", "--video", "clip.mp4"), "leave out --video"),
    ],
)
def test_what_would_have_no_effect_is_refused(
    tmp_path: Path, command: Command, arguments: tuple[str, ...], said: str
) -> None:
    done = command("bench", *arguments, "--out", tmp_path / "out.json")

    assert done.status == 2
    assert said in done.err
    assert not (tmp_path / "out.json").exists()
