"""A report of the suite with round figures, for the tests of its forms."""

from edgevision.bench.figures import Spread
from edgevision.bench.present import Table
from edgevision.bench.report import Machine, Video
from edgevision.bench.suite.report import Part, Row, SuiteReport, Target

__all__ = ["suite_report"]

_ROWS = (
    Row("share", Target("at least", 0.93), Spread(0.9, 0.85, 0.95)),
    Row("memory", Target("at most", 300.0), Spread(211.4, 210.0, 213.0), "MB"),
    Row("live", note="no broker | anywhere"),
)


def suite_report() -> SuiteReport:
    """Return a report in which one target is missed, one met, and one measure not shown."""
    return SuiteReport(
        taken="2026-11-26",
        machine=Machine("Sample CPU", 2, "Linux", {"python": "3.11.2"}, load_before=0.25),
        instruction_sets=("avx2", "avx512_vnni"),
        bundles={"tiny 1.0.0": "ab" * 32},
        video=Video("belt.mp4", "h264", (1280, 720), 300, is_made=False),
        rounds=3,
        turn_s=1.5,
        seconds=61.2,
        parts=(Part(_ROWS, (Table("Figures", ("what", "rate"), [("loop", "150 /s")]),)),),
    )
