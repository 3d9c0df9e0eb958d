"""What a replay writes is worth as much as what the gate measured on the same pictures."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from export.cli import main
from export.pipeline import bundle
from tests.boxes import LABELS
from tests.detectors import folder, step, work
from tests.integration.conftest import Command

pytestmark = pytest.mark.export


def recipe(path: Path) -> Path:
    rules = "".join(f"  - {{name: no-{label}, label: {label}, max_count: 0}}\n" for label in LABELS)
    path.write_text(
        "schema: edgevision.recipe/1\nname: shapes\nversion: '1.0'\n"
        "tasks:\n  - {name: shapes, task: detect, bundle: shapes.zip}\n"
        f"rules:\n{rules}"
    )
    return path


def test_a_replays_results_have_the_figures_of_the_gate(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = bundle(step(work()), tmp_path / "shapes.zip", "command")
    names = (folder() / "ImageSets/Main/val.txt").read_text().split()
    pictures = [folder() / "JPEGImages" / f"{name}.png" for name in names]
    results, measured = tmp_path / "r.jsonl", tmp_path / "measured.json"

    done = command(
        *("replay", "--recipe", recipe(tmp_path / "shapes.yaml"), "--min-score", "0.01", "--out", results),
        *("--engine", "onnxruntime", "--precision", "int8", *pictures),
    )
    assert done.status == 0, done.err

    arguments = ["results", str(results), str(folder()), "--json", str(measured)]
    monkeypatch.setattr("sys.argv", ["export", *arguments])
    with pytest.raises(SystemExit, match="0"):
        main()

    figures = json.loads(measured.read_text())["figures"]
    for name in ("map50", "map", "map33"):
        assert figures[name] == pytest.approx(gate.of("int8").figures[name], abs=1e-3), name
