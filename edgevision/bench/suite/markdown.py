"""A report of the suite as Markdown: what deploy/BENCHMARKS.md keeps as history. Pure."""

from collections.abc import Iterator, Sequence

from edgevision.bench.present import Table, shown
from edgevision.bench.report import Video
from edgevision.bench.suite.report import Row, SuiteReport, Target

__all__ = ["markdown"]

_FFMPEG = (
    "ffmpeg -f lavfi -i testsrc2=s=1280x720:r=25 -vf noise=alls=6:allf=t -frames:v 600 -c:v libx264 "
    "-preset veryfast -pix_fmt yuv420p noisy.mp4"
)


def markdown(report: SuiteReport) -> str:
    """Return the report with a heading of the second level, its main table first."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: SuiteReport) -> Iterator[str]:
    machine, video = report.machine, report.video
    yield f"## {report.taken}, {machine.cores} cores of {machine.processor}"
    yield ""
    yield f"- System: {machine.system}; load before: {machine.load_before:.1f}"
    yield f"- Instruction sets: {', '.join(report.instruction_sets) or 'not named by this system'}"
    yield f"- Versions: {', '.join(f'{name} {version}' for name, version in machine.versions.items())}"
    yield f"- Bundles: {', '.join(f'{name} ({sha256[:12]})' for name, sha256 in report.bundles.items())}"
    origin = "sample line, made for this run" if video.is_made else video.name
    width, height = video.size_wh
    yield f"- Video: {origin}, {video.codec}, {width} x {height}, {video.frames} frames"
    if not _is_as_required(video):
        yield "- Replay is to be measured on H.264 of 1280 x 720: give it by `--video`, made for example by"
        yield f"  `{_FFMPEG}`"
    yield f"- {report.rounds} rounds of {report.turn_s:g} s turns, {report.seconds:.0f} s in all; medians, "
    yield "  lowest and highest round in brackets"
    yield ""
    yield from _table(Table("", ("measure", "required", "measured", ""), list(map(_cells, _rows(report)))))
    for part in report.parts:
        for table in part.tables:
            yield ""
            yield f"**{table.title}**"
            yield ""
            yield from _table(table)


def _is_as_required(video: Video) -> bool:
    return video.codec.lower() in ("h264", "avc1") and video.size_wh == (1280, 720)


def _rows(report: SuiteReport) -> Iterator[Row]:
    for part in report.parts:
        yield from part.rows


def _cells(row: Row) -> tuple[str, ...]:
    required = "" if row.target is None else _required(row.target, row.unit)
    measured = "not shown" if row.value is None else shown(row.value, row.unit)
    verdict = {True: "met", False: "**missed**", None: ""}[row.is_met]
    return row.measure, required, f"{measured}: {row.note}" if row.note else measured, verdict


def _required(target: Target, unit: str) -> str:
    return f"{target.kind} {target.limit:g}{unit and ' ' + unit}"


def _table(table: Table) -> Iterator[str]:
    yield _line(table.columns)
    yield "|---" * len(table.columns) + "|"
    for row in table.rows:
        yield _line(row)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"
