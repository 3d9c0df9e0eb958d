"""The commands of deploy/REPLAY.md, as they stand there; and the reports that they write."""

import re
import shutil
from pathlib import Path

from tests.guides import follow
from tests.repo.files import ROOT

OUTSIDE = re.compile(r'(?:src|href)="(?!data:|#)|url\(|@import|<script|<link', re.IGNORECASE)


def test_the_commands_of_the_guide_work_and_their_reports_need_nothing_else(tmp_path: Path) -> None:
    for name in ("station.yaml", "surface-crack.yaml"):
        shutil.copy(ROOT / "deploy/examples" / name, tmp_path)
    follow("deploy/REPLAY.md", tmp_path)

    assert len((tmp_path / "first.jsonl").read_bytes().splitlines()) == 12
    for page in ("first.html", "compared.html"):
        text = (tmp_path / page).read_text()
        assert not OUTSIDE.search(text)
        assert "</html>" in text
    assert "data:image/jpeg;base64," in (tmp_path / "first.html").read_text()
