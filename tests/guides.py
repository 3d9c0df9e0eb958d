"""The guides as their reader follows them: files to write, and commands to run.

A block of commands after `<!-- not run: REASON -->` is left out. A block after
`<!-- file: NAME -->` is a file that the guide has the reader write.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.repo.files import ROOT

__all__ = ["Block", "blocks", "follow"]

_TIMEOUT_S = 600
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

    @property
    def is_run(self) -> bool:
        """Whether it is commands that a test runs."""
        return self.language == "sh" and self.mark is None


def blocks(guide: str) -> list[Block]:
    """Return the blocks of a guide, named by its path from the root."""
    text = (ROOT / guide).read_text()
    return [Block(m["language"], m["text"], m["mark"], m["value"]) for m in _BLOCK.finditer(text)]


def _run(text: str, folder: Path) -> None:
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
        timeout=_TIMEOUT_S,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def follow(guide: str, folder: Path) -> None:
    """Write the files and run the commands of a guide, in its order."""
    for block in blocks(guide):
        if block.mark == "file":
            (folder / str(block.value)).write_text(block.text)
        elif block.is_run:
            _run(block.text, folder)
