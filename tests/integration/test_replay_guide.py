"""The commands of deploy/REPLAY.md, as they stand there; and the reports that they write."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.repo.files import ROOT

GUIDE = (ROOT / "deploy/REPLAY.md").read_text()
OUTSIDE = re.compile(r'(?:src|href)="(?!data:|#)|url\(|@import|<script|<link', re.IGNORECASE)


def test_the_commands_of_the_guide_work_and_their_reports_need_nothing_else(tmp_path: Path) -> None:
    for name in ("station.yaml", "surface-crack.yaml"):
        shutil.copy(ROOT / "deploy/examples" / name, tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL):
        done = subprocess.run(
            ["sh", "-e", "-c", block],
            cwd=tmp_path,
            env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, (block, done.stderr)
    assert len((tmp_path / "first.jsonl").read_bytes().splitlines()) == 12
    for page in ("first.html", "compared.html"):
        text = (tmp_path / page).read_text()
        assert not OUTSIDE.search(text)
        assert "</html>" in text
    assert "data:image/jpeg;base64," in (tmp_path / "first.html").read_text()
