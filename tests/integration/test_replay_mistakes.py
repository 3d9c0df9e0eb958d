"""What `edgevision replay` says and leaves when what it is given is wrong, or somebody stops it."""

import re
import signal
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.integration.conftest import Command
from tests.stations import COMMAND, FRUGAL, read_results, write_parts, write_recipe
from tests.videos import shorten, write_video

SECONDS = re.compile(r"frames (\d+) seconds \d+\.\d{3}")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


def test_a_cut_video_exits_with_3_after_every_readable_frame_and_the_inputs_after_it(
    tmp_path: Path, recipe: Path, replay: Command
) -> None:
    cut, out = shorten(write_video(tmp_path / "belt.avi"), 0.6), tmp_path / "r.jsonl"
    parts = write_parts(tmp_path / "parts")
    done = replay("--recipe", recipe, "--out", out, cut, parts)

    lines = read_results(out)
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
    assert [line["file"] for line in read_results(out)] == [f"part{number}.png" for number in (1, 3, 4, 5, 6)]


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
        ({"--out": "parts/part1.png"}, 2, "is a file of an input folder"),
        ({"--masks": "notes.txt"}, 8, "cannot be written"),
        ({"--masks": "parts"}, 2, "holds pictures that this command reads"),
        ({"--masks": "parts", "INPUT": "parts/part1.png"}, 2, "holds pictures that this command reads"),
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
    assert [line["frame_id"] for line in read_results(out)] == list(range(len(list(masks.iterdir()))))


def test_a_replay_never_writes_over_its_input(tmp_path: Path, replay: Command, recipe: Path) -> None:
    picture = tmp_path / "part.png"
    cv2.imwrite(str(picture), np.full((64, 64, 3), 200, np.uint8))
    before = picture.read_bytes()

    done = replay("--recipe", recipe, "--out", picture, picture)

    assert done.status == 2
    assert "is an input of this command" in done.err
    assert picture.read_bytes() == before
