"""Recorded sessions: what a station inspected, and what cameras showed, is replayed as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgevision.capture.session import SessionSource
from tests.integration.conftest import Command
from tests.stations import FRUGAL, write_parts, write_station
from tests.videos import write_video

EXAMPLE = Path(__file__).parents[2] / "deploy/examples/surface-crack.yaml"
FRUGAL_ENGINE = {"name": "onnxruntime", "provider": "cpu", "precision": "int8", "threads": 1}
FRAMES = 24


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def judged(lines: list[dict[str, Any]]) -> dict[tuple[str, int], tuple[str, float, int]]:
    """Return what was decided about each frame, by camera and frame id."""
    found = {
        (line["camera"], line["frame_id"]): (line["judgement"], line["score_max"], line["defect_count"])
        for line in lines
    }
    assert len(found) == len(lines)
    return found


def test_the_ledger_and_a_replay_of_the_recorded_session_agree_verdict_for_verdict(
    tmp_path: Path, command: Command
) -> None:
    station = write_station(
        tmp_path,
        {"source": "sample:7"},
        {"source": "sample:8"},
        recipe=str(EXAMPLE),
        engine=FRUGAL_ENGINE,
        mqtt={"host": "127.0.0.1", "port": 1},
        ledger={"path": "line1.db"},
        record={"folder": "recordings", "min_free_gb": 0},
    )
    live, again = tmp_path / "live.jsonl", tmp_path / "again.jsonl"
    assert command("run", "-c", station, "--frames", str(FRAMES)).status == 0
    assert command("ledger", "export", tmp_path / "line1.db", "--out", live).status == 0

    engine = ["--engine", "onnxruntime", "--precision", "int8"]
    done = command("replay", *engine, "--recipe", EXAMPLE, "--out", again, tmp_path / "recordings")

    assert done.status == 0, done.err
    then, now = judged(lines_of(live)), judged(lines_of(again))
    assert {camera for camera, _ in then} == {"cam1", "cam2"}
    assert len(then) == 2 * FRAMES
    assert {judgement for judgement, _, _ in then.values()} >= {"OK", "NG"}
    assert now == then
    parts = {(line["camera"], line["frame_id"]): line["part_id"] for line in lines_of(live)}
    assert {(line["camera"], line["frame_id"]): line["part_id"] for line in lines_of(again)} == parts
    assert command("compare", live, again).status == 0
    again.write_bytes(b"")
    assert command("compare", live, again).status == 12
    assert "nothing can be compared" in command("compare", again, again).err


def test_cameras_are_recorded_without_being_inspected(tmp_path: Path, command: Command) -> None:
    sources = [{"source": str(write_video(tmp_path / "belt.avi", frames=12))}, {"source": "sample:1"}]
    station = write_station(tmp_path, *sources, record={"folder": "recordings", "min_free_gb": 0})

    done = command("record", "-c", station, "--out", tmp_path / "out", "--frames", "8")

    assert done.status == 0, done.err
    assert [line.split(": ")[1].split(",")[0] for line in done.out.splitlines()] == ["8 frames"] * 2
    session = SessionSource(tmp_path / "out/cam1")
    session.open()
    frames = list(iter(session.read, None))
    assert [(frame.camera, frame.frame_id, frame.file) for frame in frames] == [
        ("cam1", number, "belt.avi") for number in range(8)
    ]


def test_a_session_is_not_recorded_over(tmp_path: Path, command: Command) -> None:
    station = write_station(tmp_path, {"source": str(write_parts(tmp_path / "parts"))})
    arguments = ["record", "-c", station, "--out", tmp_path / "out", "--frames", "2"]
    assert command(*arguments).status == 0

    done = command(*arguments)

    assert done.status == 8
    assert "holds a recorded session" in done.err


def test_a_recording_ends_at_its_bound_and_says_so(tmp_path: Path, command: Command) -> None:
    station = write_station(
        tmp_path,
        {"source": str(write_parts(tmp_path / "parts"))},
        record={"folder": "recordings", "max_gb": 19e-6, "min_free_gb": 0},
    )

    done = command("record", "-c", station, "--out", tmp_path / "out")

    assert done.status == 0
    assert "stopped for want of room" in done.out
    assert 0 < len(list((tmp_path / "out/cam1/frames").iterdir())) < 6


@pytest.mark.parametrize("missing", ["frames/00000001.png", "session.json"])
def test_a_damaged_session_is_told(tmp_path: Path, command: Command, missing: str) -> None:
    station = write_station(tmp_path, {"source": str(write_parts(tmp_path / "parts"))})
    assert command("record", "-c", station, "--out", tmp_path / "out", "--frames", "3").status == 0
    (tmp_path / "out/cam1" / missing).unlink()

    recipe = yaml.safe_load(station.read_text())["recipe"]
    done = command(
        "replay", *FRUGAL, "--recipe", recipe, "--out", tmp_path / "r.jsonl", tmp_path / "out/cam1"
    )

    assert done.status == (3 if missing.startswith("frames") else 6)
    assert "Traceback" not in done.err
