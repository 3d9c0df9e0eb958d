"""What a station takes besides CPU time: memory, disk, and the time until its first verdict."""

from importlib.metadata import PackageNotFoundError, distribution

from edgevision.bench.figures import Spread, spread
from edgevision.bench.present import Table
from edgevision.bench.start import measure_start
from edgevision.bench.suite.installed import installed_mb
from edgevision.bench.suite.report import Part, Row, Target
from edgevision.bench.suite.setting import Setting

__all__ = ["measure_footprint"]

_LISTED_MB = 5.0


def measure_footprint(setting: Setting) -> Part:
    """Measure fresh processes and installed packages; raises EdgeVisionError when a process fails."""
    setting.fastest(setting.calls)  # Measured and remembered now, if it never was.
    started = []
    for index in range(setting.rounds):
        setting.on_progress(f"fresh process, round {index + 1} of {setting.rounds}")
        started.append(measure_start(setting.recipe.document.path, setting.video))
    memory = spread(one.peak_mb for one in started)
    first = spread(one.first_verdict_s for one in started)
    disk, table = _disk()
    return Part(
        (
            Row("largest resident memory, one model", Target("at most", 300.0), memory, "MB"),
            Row("process start to first verdict, warm cache", Target("at most", 1.2), first, "s"),
            disk,
        ),
        (table,),
    )


def _disk() -> tuple[Row, Table]:
    extra = "cpu" if _is_installed("onnxruntime") else "gpu"
    sizes = sorted(installed_mb(extra).items(), key=lambda item: -item[1])
    total_mb = sum(size_mb for _, size_mb in sizes)
    large = [(name, size_mb) for name, size_mb in sizes if size_mb >= _LISTED_MB]
    rest_mb = total_mb - sum(size_mb for _, size_mb in large)
    listed = [*large, (f"{len(sizes) - len(large)} others", rest_mb)]
    row = Row(
        "device install on disk without OpenVINO",
        Target("at most", 400.0),
        Spread(total_mb, total_mb, total_mb),
        "MB",
        f"edgevision[{extra}]",
    )
    return row, Table(
        "On disk", ("package", "size"), [(name, f"{size_mb:.0f} MB") for name, size_mb in listed]
    )


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
