from pathlib import Path

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import choose_engine
from edgevision.engines.machine import available_threads
from tests.bundles import make_bundle
from tests.integration.conftest import Command


def test_a_bundle_is_tuned_for_a_live_camera_and_for_replay_and_the_choice_is_kept(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_bundle(tmp_path / "tiny.zip")

    done = command("tune", file, "--seconds", "0.1")

    assert done.status == 0, done.err
    assert "One live camera: a call at a time" in done.out
    assert "onnxruntime" in done.out
    assert done.out.count("Chosen: ") == done.out.count("a call, ") + done.out.count("a call: within")
    assert str(tmp_path / "cache" / "edgevision") in done.out.replace("\n", "")
    for streams in {1, available_threads()}:
        assert choose_engine(open_bundle(file), EngineSettings(), streams).is_remembered


def test_a_damaged_bundle_is_refused(command: Command, tmp_path: Path) -> None:
    file = make_bundle(tmp_path / "tiny.zip")
    file.write_bytes(file.read_bytes()[:-100])

    assert command("tune", file).status == 4
