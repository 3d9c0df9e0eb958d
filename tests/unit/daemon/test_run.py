"""The daemon in this process and without a broker; with one: tests/integration/test_daemon.py."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgevision.config.document import load_recipe
from edgevision.daemon.run import Daemon
from edgevision.errors import (
    CaptureError,
    ConfigError,
    LedgerError,
    OutputError,
    PublishError,
    TruncatedInput,
)
from edgevision.ports import InspectionSink
from edgevision.types import Inspected, Inspection
from tests.bundles import dark_part
from tests.embedbundles import make_classify_bundle
from tests.ledgers import verified
from tests.stations import loaded_station, write_parts, write_station
from tests.videos import shorten, write_scenes, write_video

ENDLESS = {"source": "sample:1"}
KIND = "- {name: kind, task: classify, bundle: kinds.zip}\n"


@dataclass
class Seen:
    inspections: list[Inspection] = field(default_factory=list)

    def commit(self, batch: Sequence[Inspected]) -> None:
        self.inspections += [one.inspection for one in batch]

    def of(self, camera: str) -> list[int | None]:
        return [one.frame_id for one in self.inspections if one.camera == camera]


class FailingAtCam1:
    def commit(self, batch: Sequence[Inspected]) -> None:
        if batch[0].seen.camera == "cam1":
            raise OutputError("no space left")


def daemon(path: Path, *observers: InspectionSink, frames: int | None = None) -> Daemon:
    station, recipe = loaded_station(path)
    return Daemon(station, recipe, observers=observers, frames=frames)


def test_recordings_end_the_station_after_their_last_frame(tmp_path: Path) -> None:
    parts, video = write_parts(tmp_path / "parts"), write_video(tmp_path / "belt.avi", frames=12)
    path = write_station(tmp_path, {"source": str(parts)}, {"source": str(video)})
    seen = Seen()
    station = daemon(path, seen)
    station.run(threading.Event())

    assert (seen.of("cam1"), seen.of("cam2")) == (list(range(6)), list(range(12)))
    assert station.total == 18
    assert all(one.is_simulated for one in seen.inspections)


def test_the_number_of_frames_holds_for_each_camera(tmp_path: Path) -> None:
    path = write_station(tmp_path, ENDLESS, ENDLESS)
    seen = Seen()
    daemon(path, seen, frames=3).run(threading.Event())

    assert (seen.of("cam1"), seen.of("cam2")) == ([0, 1, 2], [0, 1, 2])


def test_damage_of_a_recording_is_raised_at_the_end(tmp_path: Path) -> None:
    video = shorten(write_video(tmp_path / "belt.avi"), 0.6)
    seen = Seen()

    with pytest.raises(TruncatedInput, match="expected 30 frames"):
        daemon(write_station(tmp_path, {"source": str(video)}), seen).run(threading.Event())

    assert len(seen.inspections) > 10


def test_a_camera_that_is_lost_for_good_leaves_the_others_running(tmp_path: Path) -> None:
    (tmp_path / "belt.mp4").write_bytes(b"no video")
    parts = write_parts(tmp_path / "parts")
    seen = Seen()

    with pytest.raises(CaptureError, match=r"belt\.mp4"):
        daemon(write_station(tmp_path, {"source": "belt.mp4"}, {"source": str(parts)}), seen).run(
            threading.Event()
        )

    assert seen.of("cam2") == list(range(6))


def test_a_failing_sink_stops_the_other_cameras_too(tmp_path: Path) -> None:
    parts = write_parts(tmp_path / "parts", 1)
    path = write_station(tmp_path, {"source": str(parts)}, ENDLESS)
    seen = Seen()

    with pytest.raises(OutputError, match="no space left"):
        daemon(path, seen, FailingAtCam1(), frames=200).run(threading.Event())

    assert len(seen.of("cam2")) < 200


def test_a_run_that_ends_by_itself_fails_when_its_results_are_nowhere(tmp_path: Path) -> None:
    path = write_station(tmp_path, ENDLESS, port=1)

    with pytest.raises(PublishError, match="results lost: 3; the broker"):
        daemon(path, frames=3).run(threading.Event())


def test_a_run_that_ends_by_itself_fails_when_its_ledger_could_not_take_the_results(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = write_station(tmp_path, ENDLESS, port=1, ledger={"path": str(tmp_path / "file" / "ledger.db")})

    with pytest.raises(LedgerError, match="results lost: 1; the broker"):
        daemon(path, frames=1).run(threading.Event())


def test_results_that_a_ledger_keeps_are_no_failure(tmp_path: Path) -> None:
    path = write_station(tmp_path, ENDLESS, port=1, ledger={"path": str(tmp_path / "ledger.db")})
    daemon(path, frames=3).run(threading.Event())

    assert sum(verified(tmp_path / "ledger.db").values()) == 3


def test_a_station_that_is_stopped_only_logs_what_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()

    class Stopping:
        def commit(self, batch: Sequence[Inspected]) -> None:
            if batch[-1].seen.frame_id == 2:
                stop.set()

    daemon(write_station(tmp_path, ENDLESS, port=1), Stopping()).run(stop)

    assert "results lost: " in caplog.text


def test_a_camera_named_like_a_topic_of_the_station_is_refused_before_anything_runs(
    tmp_path: Path,
) -> None:
    path = write_station(tmp_path, {"name": "alarm", "source": "sample:1"}, port=1)

    with pytest.raises(ConfigError, match="rename the camera"):
        daemon(path)


def test_a_source_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gone\.mp4"):
        daemon(write_station(tmp_path, {"source": "gone.mp4"}))


def test_a_camera_with_a_change_gate_looks_again_when_the_scene_changes(tmp_path: Path) -> None:
    scenes = [dark_part((160, 120), defective=is_bad) for is_bad in (False, True, False)]
    video = write_scenes(tmp_path / "belt.avi", [scene for scene in scenes for _ in range(4)])
    path = write_station(tmp_path, {"source": str(video), "change_gate": {"full_every_s": 60}})
    seen = Seen()

    daemon(path, seen).run(threading.Event())

    answers = [(one.verdict.judgement.value, one.repeats is not None) for one in seen.inspections]
    still = [("OK", False), *3 * [("OK", True)]]
    assert answers == [*still, *4 * [("NG", False)], *still]


def test_a_change_gate_is_refused_with_a_recipe_that_tells_which_one_it_is(tmp_path: Path) -> None:
    path = write_station(tmp_path, ENDLESS | {"change_gate": {}})
    station, _ = loaded_station(path)
    make_classify_bundle(tmp_path / "kinds.zip")
    kinds = (tmp_path / "recipe.yaml").read_text().replace("rules:", KIND + "rules:")
    (tmp_path / "recipe.yaml").write_text(kinds)

    with pytest.raises(ConfigError, match="step kind of recipe dark tells which one it is"):
        Daemon(station, load_recipe(tmp_path / "recipe.yaml"))
