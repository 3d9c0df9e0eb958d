"""`edgevision replay`, in this process where that is as good, else in one of its own."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.bundles import dark_part
from tests.integration.conftest import Command
from tests.lasting import lasting
from tests.stations import COMMAND, FRUGAL, check_message, run_edgevision, write_parts, write_recipe
from tests.videos import shorten, write_video

BOTTLES = Path(__file__).parents[2] / "../shared/data/videos/bottle-detection.mp4"
SECONDS = re.compile(r"frames (\d+) seconds \d+\.\d{3}")


@pytest.fixture
def replay(command: Command) -> Command:
    """Run `edgevision replay` on the quickest engine."""
    return partial(command, "replay", *FRUGAL)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


def results(path: Path) -> list[dict[str, Any]]:
    """Return the lines, each checked against the schema."""
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    for message in messages:
        check_message("result", message)
    return messages


def mask_of(path: Path) -> Any:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def frames_in(path: Path) -> int:
    video, count = cv2.VideoCapture(str(path)), 0
    while video.read()[0]:
        count += 1
    video.release()
    return count


@contextmanager
def one_core() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


def test_a_newcomers_replay_of_a_video(tmp_path: Path, recipe: Path) -> None:
    video, out = write_video(tmp_path / "belt.avi"), tmp_path / "results.jsonl"
    masks, annotated = tmp_path / "masks", tmp_path / "out.mp4"
    files: list[str | Path] = ["--masks", masks, "--annotate", annotated, "--out", out]
    done = run_edgevision("replay", "--recipe", recipe, *files, video, XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert (done.returncode, done.stderr) == (0, "")
    assert SECONDS.fullmatch(done.stdout.splitlines()[-1])
    lines = results(out)
    assert [line["frame_id"] for line in lines] == list(range(30))
    assert {line["file"] for line in lines} == {"belt.avi"}
    # The pictures grow brighter: the first ten are dark all over, the last ones are bright.
    assert {line["judgement"] for line in lines[:10]} == {"NG"}
    assert {line["judgement"] for line in lines[15:]} == {"OK"}
    assert sorted(path.name for path in masks.iterdir()) == [f"belt_{index:06d}.png" for index in range(30)]
    assert np.array_equal(mask_of(masks / "belt_000000.png"), np.ones((120, 160), np.uint8))
    assert not mask_of(masks / "belt_000029.png").any()
    assert frames_in(annotated) == 30


def test_all_kinds_of_input_together_give_the_same_lines_on_one_core_as_on_all(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    parts, video = write_parts(tmp_path / "parts"), write_video(tmp_path / "belt.avi")
    arguments = ["--recipe", recipe, "--frames", "4", video, parts, parts / "part6.png", "sample:3"]
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"

    assert replay("--out", first, *arguments).status == 0
    with one_core():
        assert replay("--out", second, *arguments).status == 0

    lines = results(first)
    assert [line["frame_id"] for line in lines] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 0, 1, 2, 3]
    assert [line.get("file") for line in lines[4:9]] == [*(f"part{n}.png" for n in range(1, 5)), "part6.png"]
    assert [line["part_id"] for line in lines[9:]] == [f"S3-{index:06d}" for index in range(4)]
    assert {line["truth"] for line in lines[9:]} <= {"OK", "NG"}
    assert lasting(first.read_bytes()) == lasting(second.read_bytes())
    assert b"inference_ms" in first.read_bytes()
    assert b"inference_ms" not in lasting(first.read_bytes())


def test_a_folder_that_knows_the_truth_ends_with_the_table(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    parts, out, masks = write_parts(tmp_path / "parts", truth=True), tmp_path / "r.jsonl", tmp_path / "masks"
    done = replay("--recipe", recipe, "--out", out, "--masks", masks, parts)

    assert done.err == ""
    table = [line.split() for line in done.out.splitlines()]
    assert table[:3] == [["truth", "OK", "NG", "ND"], ["OK", "3", "0", "0"], ["NG", "1", "2", "0"]]
    assert done.out.splitlines()[3] == "escapes 1, false NG 0, ND 0"
    assert SECONDS.fullmatch(done.out.splitlines()[4])
    assert [(line["file"], line["truth"], line["judgement"]) for line in results(out)] == [
        ("part1.png", "NG", "OK"),
        ("part2.png", "OK", "OK"),
        ("part3.png", "NG", "NG"),
        ("part4.png", "OK", "OK"),
        ("part5.png", "OK", "OK"),
        ("part6.png", "NG", "NG"),
    ]
    found, dark = mask_of(masks / "part3.png"), dark_part((96, 64), defective=True)[:, :, 0] < 100
    assert found.shape == dark.shape
    assert set(np.unique(found)) == {0, 1}
    assert (found & dark).sum() / (found | dark).sum() > 0.8
    assert not mask_of(masks / "part1.png").any()


def test_a_recording_without_known_truth_ends_without_a_table(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    parts = write_parts(tmp_path / "parts")
    done = replay("--recipe", recipe, "--out", tmp_path / "r.jsonl", parts)

    assert SECONDS.fullmatch(done.out.rstrip("\n"))


def test_a_cut_video_exits_with_3_after_every_readable_frame_and_the_inputs_after_it(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    cut, out = shorten(write_video(tmp_path / "belt.avi"), 0.6), tmp_path / "r.jsonl"
    parts = write_parts(tmp_path / "parts")
    done = replay("--recipe", recipe, "--out", out, cut, parts)

    lines = results(out)
    read = sum(line["file"] == cut.name for line in lines)
    assert done.status == 3
    assert f"expected 30 frames, read {read}" in done.err
    assert read > 10
    assert [line["file"] for line in lines[read:]] == [f"part{number}.png" for number in range(1, 7)]
    assert SECONDS.fullmatch(done.out.splitlines()[-1])
    assert done.out.splitlines()[-1].startswith(f"frames {read + 6} ")


def test_a_damaged_image_exits_with_3_and_is_named_and_the_others_are_inspected(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    parts, out = write_parts(tmp_path / "parts"), tmp_path / "r.jsonl"
    shorten(parts / "part2.png", 0.5).replace(parts / "part2.png")
    done = replay("--recipe", recipe, "--out", out, parts)

    assert done.status == 3
    assert "expected 6 readable images, read 5; damaged or no images: part2.png" in done.err
    assert [line["file"] for line in results(out)] == [f"part{number}.png" for number in (1, 3, 4, 5, 6)]


def test_two_steps_have_a_folder_of_masks_each(tmp_path: Path, replay: Command) -> None:
    recipe, masks = write_recipe(tmp_path, steps=("cracks", "prints")), tmp_path / "masks"
    parts = write_parts(tmp_path / "parts", 2)

    assert replay("--recipe", recipe, "--out", tmp_path / "r.jsonl", "--masks", masks, parts).status == 0
    assert sorted(str(path.relative_to(masks)) for path in masks.rglob("*.png")) == [
        *("cracks/part1.png", "cracks/part2.png"),
        *("prints/part1.png", "prints/part2.png"),
    ]


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        ({"INPUT": "gone.mp4"}, 6, "gone.mp4"),
        ({"INPUT": "empty"}, 6, "expected an image or a folder that holds images"),
        ({"INPUT": "notes.txt"}, 6, "expected a video that FFmpeg can decode"),
        ({"INPUT": "0"}, 2, "expected a recording, got a live source"),
        ({"INPUT": "sample:1"}, 2, "the sample line never ends"),
        ({"INPUT": "sample:x"}, 2, "--frames"),
        ({"--recipe": "gone.yaml"}, 78, "no such file"),
        ({"--recipe": "notes.txt"}, 78, "notes.txt"),
        ({"--recipe": "torn.yaml"}, 4, "torn.zip"),
        ({"--out": "gone/results.jsonl"}, 8, "cannot be written"),
        ({"--out": "/dev/full"}, 8, "No space left on device"),
        ({"--masks": "notes.txt"}, 8, "cannot be written"),
        ({"--annotate": "out.avi"}, 8, "written as MP4"),
        ({"--annotate": "gone/out.mp4"}, 8, "found nothing there"),
    ],
    ids=lambda value: "".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_mistake_has_its_exit_status_and_one_message(
    tmp_path: Path, replay: Command, changed: dict[str, str], status: int, message: str
) -> None:
    recipe = write_recipe(tmp_path)
    write_parts(tmp_path / "parts", 2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("nothing that anyone could inspect")
    (tmp_path / "torn.zip").write_bytes((tmp_path / "tiny.zip").read_bytes()[:-100])
    (tmp_path / "torn.yaml").write_text(recipe.read_text().replace("tiny.zip", "torn.zip"))
    given = {"--recipe": recipe.name, "--out": "r.jsonl", "INPUT": "parts"} | changed
    source = given.pop("INPUT")
    options = [text for name, value in given.items() for text in (name, str(tmp_path / value))]
    if not (source == "0" or source.startswith("sample:")):
        source = str(tmp_path / source)
    done = replay(*options, source)

    assert done.status == status
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.err.startswith("edgevision: ")
    assert len(done.err.splitlines()) == 1
    assert "frames" not in done.out


def test_a_mistyped_input_does_not_empty_the_results_of_yesterday(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text("yesterday\n")

    assert replay("--recipe", recipe, "--out", out, tmp_path / "gone.mp4").status == 6
    assert out.read_text() == "yesterday\n"


def test_ctrl_c_ends_with_130_whole_lines_and_no_traceback(tmp_path: Path, recipe: Path) -> None:
    out, masks = tmp_path / "results.jsonl", tmp_path / "masks"
    files = ["--out", out, "--masks", masks]
    arguments = ["replay", *FRUGAL, "--recipe", recipe, *files, "--frames", "100000", "sample:1"]
    with subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not list(masks.glob("*.png")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)

    assert (process.returncode, errors) == (130, "")
    assert [line["frame_id"] for line in results(out)] == list(range(len(list(masks.iterdir()))))


@pytest.mark.shared
@pytest.mark.skipif(not BOTTLES.is_file(), reason="needs ../shared/data beside this checkout")
def test_every_frame_of_a_real_recording_is_inspected(tmp_path: Path, replay: Command) -> None:
    recipe, out = write_recipe(tmp_path, pixel_threshold=1.0), tmp_path / "results.jsonl"
    done = replay("--recipe", recipe, "--out", out, BOTTLES)

    assert (done.status, done.err) == (0, "")
    assert [json.loads(line)["frame_id"] for line in out.read_bytes().splitlines()] == list(range(1189))
    assert SECONDS.fullmatch(done.out.splitlines()[-1])


def test_a_replay_never_writes_over_its_input(tmp_path: Path, replay: Command, recipe: Path) -> None:
    picture = tmp_path / "part.png"
    cv2.imwrite(str(picture), np.full((64, 64, 3), 200, np.uint8))
    before = picture.read_bytes()

    done = replay("--recipe", recipe, "--out", picture, picture)

    assert done.status == 2
    assert "is an input of this command" in done.err
    assert picture.read_bytes() == before


def test_a_report_shows_every_ng_with_its_picture(tmp_path: Path, replay: Command, recipe: Path) -> None:
    parts, page = tmp_path / "parts", tmp_path / "page.html"
    parts.mkdir()
    for number in range(70):
        cv2.imwrite(str(parts / f"{number:02d}.png"), dark_part((64, 64), defective=number > 0))

    done = replay("--recipe", recipe, "--out", tmp_path / "out", "--report", page, parts)

    assert done.status == 0, done.err
    assert page.read_text().count("<image ") == 69
