"""Every command of the guides runs, in the order of its guide, in a folder like a fresh clone.

A block of commands after `<!-- not run: REASON -->` is left out, and counted. A block after
`<!-- file: NAME -->` is a file that the guide has the reader write.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repo.files import ROOT

GUIDES = [
    "README.md",
    "deploy/CAMERA.md",
    "deploy/MQTT.md",
    "deploy/RECIPE.md",
    "deploy/SECURITY.md",
    "deploy/TRAINING.md",
    "deploy/UPGRADE.md",
    "deploy/VARIANTS.md",
    "deploy/plant/README.md",
]
NOT_RUN = {
    "installs everything; has tests of its own": 1,
    "installs torch, as tests/run.sh does": 1,
    "needs Docker": 1,
    "needs a camera": 1,
    "needs a running station": 3,
    "needs a station with the page": 1,
    "replaces the program": 1,
}
ELSEWHERE = {"BENCHMARKS.md", "INSTALL.md", "REPLAY.md"}
"""Measurements of a quiet machine, the installer and replay, which have tests of their own."""
TIMEOUT_S = 600
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>not run|file): (?P<value>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block of a guide."""

    language: str
    text: str
    mark: str | None
    value: str | None


def blocks(guide: str) -> list[Block]:
    text = (ROOT / guide).read_text()
    return [Block(m["language"], m["text"], m["mark"], m["value"]) for m in _BLOCK.finditer(text)]


def clone(folder: Path) -> Path:
    """Make what a reader has: the repository, and for the training his pictures."""
    left_out = shutil.ignore_patterns("secrets", "tls", "passwords", ".env")
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=left_out)
    for name in ("export", "edgevision"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def run(text: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"
    environment = os.environ | {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / ".cache"),
    }
    done = subprocess.run(
        ["sh", "-eu", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if "TRAINING" not in guide])
def test_the_commands_of_a_guide_run(guide: str, tmp_path: Path) -> None:
    if "plant" in guide and shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (Debian, Ubuntu: apt-get install mosquitto)")

    follow(guide, clone(tmp_path))


@pytest.mark.export
def test_the_commands_of_the_guide_for_training_make_a_bundle(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")
    from tests.darkness import write_folder

    write_folder(clone(tmp_path) / "my-parts")

    follow("deploy/TRAINING.md", tmp_path)


def follow(guide: str, folder: Path) -> None:
    """Write the files and run the commands of a guide, in its order."""
    for block in blocks(guide):
        if block.mark == "file":
            (folder / str(block.value)).write_text(block.text)
        elif block.language == "sh" and block.mark is None:
            run(block.text, folder)


def test_what_is_not_run_is_counted_and_has_a_reason() -> None:
    marked = Counter(block.value for guide in GUIDES for block in blocks(guide) if block.mark == "not run")

    assert marked == NOT_RUN


def test_every_guide_is_tested() -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "deploy").rglob("*.md")}

    assert {name for name in there if Path(name).name not in ELSEWHERE} == set(GUIDES) - {"README.md"}


@pytest.mark.parametrize("guide", [*GUIDES, "README.zh.md"])
def test_every_link_of_a_guide_leads_somewhere(guide: str) -> None:
    text = (ROOT / guide).read_text()

    for link in re.findall(r"\]\(([^)#\s]+)\)", text):
        assert ((ROOT / guide).parent / link).exists() or link.startswith("http"), link
