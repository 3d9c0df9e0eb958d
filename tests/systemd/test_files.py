"""The unit files as files: what systemd-analyze says about them, with and without each drop-in."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repo.files import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze (Debian, Ubuntu: the package systemd)"
)

UNIT = ROOT / "systemd/edgevision@.service"
DROPINS = sorted((ROOT / "systemd/edgevision@.service.d").glob("*.conf"))
AT_MOST = {"": 1.5, "openvino": 1.5, "gpu": 1.5}
VARIANTS = ["", *(path.stem for path in DROPINS)]

each_variant = pytest.mark.parametrize("dropin", VARIANTS, ids=lambda name: name or "unit alone")


def installed(folder: Path, dropin: str) -> Path:
    """Return the unit of line1 in a folder, with its drop-in, and a program that exists."""
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE)
    unit = folder / "edgevision@line1.service"
    unit.write_text(text)
    if dropin:
        dropins = folder / "edgevision@.service.d"
        dropins.mkdir()
        shutil.copy(ROOT / f"systemd/edgevision@.service.d/{dropin}.conf", dropins)
    return unit


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@each_variant
def test_systemd_finds_nothing_to_complain_about(tmp_path: Path, dropin: str) -> None:
    done = analyze("verify", installed(tmp_path, dropin))

    # A misspelt key is a warning only, so that the exit status says nothing.
    assert (done.returncode, done.stderr) == (0, "")


@each_variant
def test_the_sandbox_scores_as_its_comment_says(tmp_path: Path, dropin: str) -> None:
    done = analyze("security", "--offline=true", installed(tmp_path, dropin))
    found = re.search(r"Overall exposure level for edgevision@line1.service: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    score = float(found[1])

    assert score <= AT_MOST[dropin]
    if dropin:
        comment = (ROOT / f"systemd/edgevision@.service.d/{dropin}.conf").read_text()
        assert f"systemd-analyze security: {score}" in comment


def test_only_the_drop_ins_allow_memory_that_is_written_and_executed(tmp_path: Path) -> None:
    def denies(dropin: str) -> bool:
        folder = tmp_path / (dropin or "alone")
        folder.mkdir()
        done = analyze("security", "--offline=true", "--json=short", installed(folder, dropin))
        tests = {one["json_field"]: one for one in json.loads(done.stdout)}
        return bool(tests["MemoryDenyWriteExecute"]["set"])

    assert {dropin: denies(dropin) for dropin in VARIANTS} == {"": True, "openvino": False, "gpu": False}
