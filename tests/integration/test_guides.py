"""Every command of the guides runs, in the order of its guide, in a folder like a fresh clone.

What is not run is counted, with its reason.
"""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.guides import blocks, follow
from tests.repo.files import ROOT

GUIDES = [
    "README.md",
    "deploy/CAMERA.md",
    "deploy/INSTALL.md",
    "deploy/MQTT.md",
    "deploy/RECIPE.md",
    "deploy/REPLAY.md",
    "deploy/SECURITY.md",
    "deploy/TRAINING.md",
    "deploy/UPGRADE.md",
    "deploy/VARIANTS.md",
    "deploy/plant/README.md",
]
NOT_RUN = {
    "fetches packages; a test installs from a wheel": 2,
    "installs everything; has tests of its own": 1,
    "installs torch, as tests/run.sh does": 1,
    "needs Docker": 1,
    "needs a camera": 1,
    "needs a running station": 3,
    "needs a station with the page": 1,
    "needs pictures of your line": 1,
    "needs several machines; a test starts workers on one": 1,
    "replaces the program": 1,
    "takes hours": 1,
}
ELSEWHERE = {"deploy/INSTALL.md", "deploy/REPLAY.md", "deploy/TRAINING.md"}
"""Run by tests of their own: on a booted systemd, in a folder with the examples, and with torch."""
MEASUREMENTS = {"BENCHMARKS.md"}
"""Of a quiet machine, without blocks of commands."""


def clone(folder: Path) -> Path:
    """Make what a reader has: the repository, and for the training his pictures."""
    left_out = shutil.ignore_patterns("secrets", "tls", "passwords", ".env")
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=left_out)
    for name in ("export", "edgevision"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if guide not in ELSEWHERE])
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


def test_what_is_not_run_is_counted_and_has_a_reason() -> None:
    marked = Counter(block.value for guide in GUIDES for block in blocks(guide) if block.mark == "not run")

    assert marked == NOT_RUN


def test_every_guide_is_tested() -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "deploy").rglob("*.md")}

    assert {name for name in there if Path(name).name not in MEASUREMENTS} == set(GUIDES) - {"README.md"}


@pytest.mark.parametrize("guide", [*GUIDES, "README.zh.md"])
def test_every_link_of_a_guide_leads_somewhere(guide: str) -> None:
    text = (ROOT / guide).read_text()

    for link in re.findall(r"\]\(([^)#\s]+)\)", text):
        assert ((ROOT / guide).parent / link).exists() or link.startswith("http"), link
