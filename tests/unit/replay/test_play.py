from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from edgevision.build import Models
from edgevision.config.station import EngineSettings
from edgevision.errors import CaptureError, TruncatedInput, UsageError
from edgevision.replay.inputs import open_recordings
from edgevision.replay.play import Replay, Summary
from edgevision.types import Inspected, Inspection
from tests.stations import loaded_recipe, write_parts
from tests.videos import shorten, write_video

ENGINE = EngineSettings(name="onnxruntime", provider="cpu", precision="fp32", threads=1)


class Seen:
    def __init__(self) -> None:
        self.inspections: list[Inspection] = []

    def commit(self, batch: Sequence[Inspected]) -> None:
        self.inspections += [one.inspection for one in batch]


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Replay]:
    recipe = loaded_recipe(tmp_path)
    models = Models(recipe, ENGINE, streams=2)
    yield Replay(recipe, models, workers=2)
    models.close()


def results(replay: Replay, *inputs: Path) -> list[Inspection]:
    seen = Seen()
    replay.play([str(path) for path in inputs], [seen])
    return seen.inspections


def test_inputs_follow_one_another_and_each_counts_its_frames_from_0(replay: Replay, tmp_path: Path) -> None:
    parts, video = write_parts(tmp_path / "parts", 4), write_video(tmp_path / "belt.avi", frames=5)
    found = results(replay, parts, video, parts / "part2.png")

    assert [one.frame_id for one in found] == [0, 1, 2, 3, 0, 1, 2, 3, 4, 0]
    assert [one.file for one in found] == [
        *("part1.png", "part2.png", "part3.png", "part4.png"),
        *["belt.avi"] * 5,
        "part2.png",
    ]
    assert len({one.result_id for one in found}) == 10


def test_results_have_the_same_ids_wherever_the_input_lies(replay: Replay, tmp_path: Path) -> None:
    here = write_parts(tmp_path / "parts")
    (tmp_path / "elsewhere").mkdir()
    there = write_parts(tmp_path / "elsewhere/parts")
    other = write_parts(tmp_path / "others")

    ids = [one.result_id for one in results(replay, here)]
    assert ids == [one.result_id for one in results(replay, there)]
    assert not set(ids) & {one.result_id for one in results(replay, other)}


def test_damage_is_collected_and_the_next_input_is_played_all_the_same(
    replay: Replay, tmp_path: Path
) -> None:
    cut = shorten(write_video(tmp_path / "belt.avi"), 0.6)
    parts = write_parts(tmp_path / "parts")
    (parts / "part2.png").write_bytes(b"no picture")
    seen = Seen()
    summary = replay.play([str(cut), str(parts), str(parts / "part1.png")], [seen])

    assert [one.file for one in seen.inspections][-6:] == [
        *("part1.png", "part3.png", "part4.png", "part5.png", "part6.png", "part1.png")
    ]
    assert summary.tally.total == len(seen.inspections) > 16
    with pytest.raises(TruncatedInput) as caught:
        summary.raise_damage()
    first, second = str(caught.value).splitlines()
    assert "belt-cut.avi: expected 30 frames, read" in first
    assert "expected 6 readable images, read 5; damaged or no images: part2.png" in second


def progress_of(play: Callable[..., Summary]) -> list[tuple[int, int | None]]:
    told: list[tuple[int, int | None]] = []
    play(on_progress=lambda done, expected: told.append((done, expected)))
    return told


def test_progress_counts_over_all_inputs_and_knows_the_limit(replay: Replay, tmp_path: Path) -> None:
    inputs = [str(write_parts(tmp_path / "parts", 4)), str(write_video(tmp_path / "belt.avi", frames=20))]
    told = progress_of(lambda **more: replay.play(inputs, [], frames=5, **more))

    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {expected for done, expected in told if done <= 4} == {4}
    assert told[-1] == (9, 9)


def test_a_live_source_or_one_without_an_end_is_no_recording() -> None:
    for address in ("0", "rtsp://bob:secret@10.0.0.9/stream"):
        with pytest.raises(UsageError, match="expected a recording") as caught:
            open_recordings([address], None)
        assert "secret" not in str(caught.value)
    with pytest.raises(UsageError, match="--frames"):
        open_recordings(["sample:1"], None)
    assert open_recordings(["sample:1"], 2)[0].frames_expected == 2


def test_an_input_that_is_not_there_is_refused_before_any_is_played(replay: Replay, tmp_path: Path) -> None:
    seen = Seen()

    with pytest.raises(CaptureError, match=r"gone\.mp4"):
        replay.play([str(write_parts(tmp_path / "parts")), str(tmp_path / "gone.mp4")], [seen])

    assert seen.inspections == []
