"""Runs the whole suite: one part after the other; what a machine cannot show is said, not left out."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from edgevision.bench.clip import write_clip
from edgevision.bench.facts import instruction_sets, machine_facts, video_facts
from edgevision.bench.suite.cameras import measure_cameras
from edgevision.bench.suite.footprint import measure_footprint
from edgevision.bench.suite.live import measure_live
from edgevision.bench.suite.precisions import measure_precisions
from edgevision.bench.suite.replaying import measure_replay
from edgevision.bench.suite.report import Part, Row, SuiteReport
from edgevision.bench.suite.roof import measure_roof
from edgevision.bench.suite.setting import Setting, shipped
from edgevision.bench.suite.stages import measure_stages
from edgevision.errors import EdgeVisionError

__all__ = ["TURN_S", "measure_suite"]

TURN_S = 3.0
"""About five minutes in all with five rounds, on two cores."""

_PARTS: Mapping[str, Callable[[Setting], Part]] = {
    "replay": measure_replay,
    "live": measure_live,
    "int8 and fp32": measure_precisions,
    "int8 peak": measure_roof,
    "cameras": measure_cameras,
    "footprint": measure_footprint,
    "detection and recognition": measure_stages,
}


def measure_suite(
    video: Path | None, folder: Path, rounds: int, turn_s: float, on_progress: Callable[[str], None]
) -> SuiteReport:
    """Measure everything that this machine can show.

    Args:
        video: What is replayed; a clip of the sample line is made when absent.
        folder: The disk that counts for the ledger; nothing is left there.
        rounds: How often alternatives take turns.
        turn_s: About how long one turn takes.
        on_progress: Is told what is being done.

    Raises:
        CaptureError: the video cannot be read.
        OutputError: nothing can be written in the folder.
    """
    machine, started_s = machine_facts(), time.monotonic()
    with TemporaryDirectory(prefix="edgevision-bench-", dir=folder) as name:
        on_progress("preparing the video")
        path = video or write_clip(Path(name))
        facts = video_facts(path, is_made=video is None)
        setting = Setting(path, facts.frames, Path(name), rounds, turn_s, on_progress)
        parts = tuple(_measured(title, part, setting) for title, part in _PARTS.items())
    return SuiteReport(
        taken=datetime.now(UTC).date().isoformat(),
        machine=machine,
        instruction_sets=instruction_sets(),
        bundles={f"{one.manifest.name} {one.manifest.version}": one.sha256 for one in shipped()},
        video=facts,
        rounds=rounds,
        turn_s=turn_s,
        seconds=time.monotonic() - started_s,
        parts=parts,
    )


def _measured(title: str, part: Callable[[Setting], Part], setting: Setting) -> Part:
    try:
        return part(setting)
    except EdgeVisionError as error:
        return Part((Row(title, note=str(error)),))
