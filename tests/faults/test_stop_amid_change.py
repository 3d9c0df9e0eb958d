"""SIGTERM while models are loaded beside those in use: the station ends in order all the same."""

import signal
import subprocess
from pathlib import Path

import yaml

from tests.ledgers import until
from tests.stations import COMMAND, write_station

PATIENCE_S = 120.0


def write_heavy_recipe(folder: Path) -> None:
    """Replace the station's recipe by one whose models take longer to measure than a station to stop."""
    path = folder / "recipe.yaml"
    tasks = [
        {"name": "part", "task": "segment", "bundle": "builtin:surface-crack", "scaling": "stretch"},
        {"name": "board", "task": "detect", "bundle": "builtin:pcb-defect"},
    ]
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"version": "2.0.0", "tasks": tasks}))


def test_sigterm_amid_a_reload_ends_the_station_in_order(tmp_path: Path) -> None:
    log, choices = tmp_path / "log", tmp_path / "engines.json"
    engine = {"cache_dir": str(tmp_path)}
    path = write_station(tmp_path, {"source": "sample:1"}, engine=engine)
    with (
        log.open("w") as errors,
        subprocess.Popen([*COMMAND, "run", "-c", str(path)], stderr=errors) as process,
    ):
        try:
            until(lambda: "ContinuousExecution" in log.read_text(), "it inspects")
            before = choices.read_bytes()
            write_heavy_recipe(tmp_path)
            process.send_signal(signal.SIGHUP)
            until(lambda: choices.read_bytes() != before, "one model is measured, and the other one begun")
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
        finally:
            process.kill()

    assert process.returncode == 0
    assert "Halted" in log.read_text()
