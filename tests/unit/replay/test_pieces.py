from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevision.build import Models
from edgevision.config.document import load_recipe
from edgevision.config.station import EngineSettings
from edgevision.errors import CaptureError, EngineError, TruncatedInput
from edgevision.replay.outputs import ResultLines
from edgevision.replay.pieces import Job, Piece, cut, inspect
from edgevision.replay.play import Replay
from edgevision.types import Judgement
from tests.lasting import lasting
from tests.stations import write_parts, write_recipe
from tests.videos import shorten, write_video

ENGINE = EngineSettings(name="onnxruntime", provider="cpu", precision="fp32", threads=1)
WHOLE = [(0, None, True)]


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Models]:
    models = Models(load_recipe(write_recipe(tmp_path)), ENGINE, streams=1)
    yield models
    models.close()


@pytest.fixture
def job(tmp_path: Path, models: Models) -> Job:
    return Job(tmp_path / "recipe.yaml", ENGINE, models.refs)


def extents(pieces: list[Piece]) -> list[tuple[int, int | None, bool]]:
    return [(piece.first, piece.count, piece.is_last) for piece in pieces]


@pytest.mark.parametrize(
    ("frames", "parts", "frames_min", "expected"),
    [
        (None, 3, 10, [(0, 10, False), (10, 10, False), (20, None, True)]),
        (None, 4, 5, [(0, 8, False), (8, 8, False), (16, 8, False), (24, None, True)]),
        (None, 9, 12, [(0, 15, False), (15, None, True)]),
        (None, 9, 31, WHOLE),
        (None, 1, 1, WHOLE),
        (20, 2, 10, [(0, 10, False), (10, 10, True)]),
        (7, 2, 10, [(0, 7, True)]),
    ],
)
def test_a_long_video_is_cut_into_parts_of_which_the_last_has_no_end(
    tmp_path: Path,
    frames: int | None,
    parts: int,
    frames_min: int,
    expected: list[tuple[int, int | None, bool]],
) -> None:
    belt = str(write_video(tmp_path / "belt.avi"))

    assert extents(cut([belt], frames, parts, frames_min)) == expected


def test_everything_else_is_one_piece_and_the_order_is_kept(tmp_path: Path) -> None:
    inputs = [str(write_parts(tmp_path / "parts")), str(write_video(tmp_path / "belt.avi")), "sample:1"]
    pieces = cut(inputs, 20, parts=2, frames_min=10)

    assert [piece.index for piece in pieces] == [0, 1, 1, 2]
    assert [piece.address for piece in pieces] == [inputs[0], inputs[1], inputs[1], inputs[2]]
    assert extents(pieces) == [(0, 20, True), (0, 10, False), (10, 10, True), (0, 20, True)]


def test_a_video_that_is_not_there_is_told_before_any_piece_is_made(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gone\.mp4"):
        cut([str(tmp_path / "gone.mp4")], None, parts=2)


@pytest.mark.parametrize("frames", [None, 17])
def test_the_pieces_in_order_are_the_file_of_a_replay(
    tmp_path: Path, job: Job, models: Models, frames: int | None
) -> None:
    inputs = [str(write_video(tmp_path / "belt.avi")), str(write_parts(tmp_path / "parts"))]
    with ResultLines(tmp_path / "whole.jsonl", station="replay") as lines:
        Replay(load_recipe(job.recipe), models, workers=1).play(inputs, [lines], frames=frames)

    pieces = cut(inputs, frames, parts=3, frames_min=5)
    done = [inspect(piece, job, models) for piece in pieces]

    assert len(pieces) == 4
    joined = b"".join(line for each in done for line in each.lines)
    assert lasting(joined) == lasting((tmp_path / "whole.jsonl").read_bytes())


def test_a_piece_counts_its_verdicts_against_the_truth(tmp_path: Path, job: Job, models: Models) -> None:
    (piece,) = cut([str(write_parts(tmp_path / "parts", truth=True))], None, parts=1)
    done = inspect(piece, job, models)

    assert dict(done.judgements) == {Judgement.OK: 4, Judgement.NG: 2}
    assert done.by_truth[Judgement.NG, Judgement.OK] == 1


def test_damage_is_told_by_the_last_piece_only(tmp_path: Path, job: Job, models: Models) -> None:
    belt = str(shorten(write_video(tmp_path / "belt.avi"), 0.6))
    pieces = [Piece(0, belt, 0, 25, is_last=False), Piece(0, belt, 25, None, is_last=True)]
    first, last = (inspect(piece, job, models) for piece in pieces)

    assert 10 < len(first.lines) < 25
    assert (first.damage, last.lines) == ("", [])
    assert "belt-cut.avi: expected 30 frames, read" in last.damage
    with pytest.raises(TruncatedInput):
        Replay(load_recipe(job.recipe), models, workers=1).play([belt], []).raise_damage()


def test_a_machine_that_would_run_something_else_refuses(tmp_path: Path, job: Job, models: Models) -> None:
    (piece,) = cut([str(write_parts(tmp_path / "parts"))], None, parts=1)
    other = Job(job.recipe, ENGINE.model_copy(update={"precision": "int8"}), job.models)

    with pytest.raises(EngineError, match=r"would run tiny .* int8 on .*, expected tiny .* fp32 on"):
        inspect(piece, other)
