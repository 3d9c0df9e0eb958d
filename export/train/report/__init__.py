"""The report of a training."""

from pathlib import Path
from typing import Any


def write_report(out_dir: Path, *args: Any) -> Path:  # noqa: ARG001, D103
    return out_dir / "report.html"


__all__ = ["write_report"]
