"""`edgevision replay`, in this process where that is as good, else in one of its own."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.bundles import dark_part
from tests.integration.conftest import Command
from tests.lasting import lasting
from tests.stations import read_results, run_edgevision, write_parts, write_recipe
from tests.videos import write_video

BOTTLES = Path(__file__).parents[2] / "../shared/data/videos/bottle-detection.mp4"
SECONDS = re.compile(r"frames (\d+) seconds \d+\.\d{3}")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


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
    lines = read_results(out)
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

    lines = read_results(first)
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
    assert [(line["file"], line["truth"], line["judgement"]) for line in read_results(out)] == [
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


def test_two_steps_have_a_folder_of_masks_each(tmp_path: Path, replay: Command) -> None:
    recipe, masks = write_recipe(tmp_path, steps=("cracks", "prints")), tmp_path / "masks"
    parts = write_parts(tmp_path / "parts", 2)

    assert replay("--recipe", recipe, "--out", tmp_path / "r.jsonl", "--masks", masks, parts).status == 0
    assert sorted(str(path.relative_to(masks)) for path in masks.rglob("*.png")) == [
        *("cracks/part1.png", "cracks/part2.png"),
        *("prints/part1.png", "prints/part2.png"),
    ]


@pytest.mark.shared
@pytest.mark.skipif(not BOTTLES.is_file(), reason="needs ../shared/data beside this checkout")
def test_every_frame_of_a_real_recording_is_inspected(tmp_path: Path, replay: Command) -> None:
    recipe, out = write_recipe(tmp_path, pixel_threshold=1.0), tmp_path / "results.jsonl"
    done = replay("--recipe", recipe, "--out", out, BOTTLES)

    assert (done.status, done.err) == (0, "")
    assert [json.loads(line)["frame_id"] for line in out.read_bytes().splitlines()] == list(range(1189))
    assert SECONDS.fullmatch(done.out.splitlines()[-1])


def test_a_report_shows_every_ng_with_its_picture(tmp_path: Path, replay: Command, recipe: Path) -> None:
    parts, page = tmp_path / "parts", tmp_path / "page.html"
    parts.mkdir()
    for number in range(70):
        cv2.imwrite(str(parts / f"{number:02d}.png"), dark_part((64, 64), defective=number > 0))

    done = replay("--recipe", recipe, "--out", tmp_path / "out", "--report", page, parts)

    assert done.status == 0, done.err
    assert page.read_text().count("<image ") == 69
