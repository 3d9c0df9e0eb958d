"""What a benchmark found, as plain values that become JSON. Pure; printing is `bench.present`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from edgevision.bench.figures import LoopFigures, Spread

__all__ = [
    "SCHEMA",
    "LedgerReport",
    "Loop",
    "Machine",
    "Model",
    "PostProcess",
    "Report",
    "Start",
    "Video",
    "encode",
]

SCHEMA = "edgevision.bench/1"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the figures were taken."""

    processor: str
    cores: int
    """Threads that this process may keep busy."""
    system: str
    versions: Mapping[str, str]
    load_before: float
    """Processes that wanted to run in the minute before the benchmark, on average."""


@dataclass(frozen=True, slots=True)
class Video:
    """What was decoded."""

    name: str
    codec: str
    size_wh: tuple[int, int]
    frames: int
    is_made: bool
    """Made for the benchmark, because none was given."""


@dataclass(frozen=True, slots=True)
class Model:
    """One engine with one precision, alone."""

    engine: str
    provider: str
    precision: str
    latency_ms: Spread
    """Of one call at a time, which may use all cores."""
    rate_hz: Spread
    """With one call per core at a time."""
    cpu_ms: Spread
    """Per call, in the same run as `rate_hz`."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The whole loop on one engine."""

    engine: str
    provider: str
    precision: str
    figures: LoopFigures


@dataclass(frozen=True, slots=True)
class Start:
    """A fresh process with the engine that `auto` chose and remembers."""

    import_s: Spread
    """From the start of the process until all its modules are imported."""
    first_verdict_s: Spread
    """From the start of the process."""
    peak_mb: Spread
    """Largest resident memory while it inspects."""


@dataclass(frozen=True, slots=True)
class PostProcess:
    """What a detector costs beside its model."""

    candidates: int
    """Boxes that reach the score limit, before doubles are dropped."""
    time_ms: Spread
    """From the raw answer to boxes without doubles, on one core."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run of the benchmark found."""

    machine: Machine
    bundle: str
    bundle_sha256: str
    input_size_wh: tuple[int, int]
    rounds: int
    video: Video
    models: tuple[Model, ...]
    refused: Mapping[str, str]
    """Engine and precision → why it does not run here."""
    decode_rate_hz: Spread
    decode_cpu_ms: Spread
    loops: tuple[Loop, ...]
    """The first is on the engine that `auto` chooses."""
    start: Start
    postprocess: PostProcess | None = None
    """For detect bundles."""


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a ledger costs a loop that does about a hundred inspections a second."""

    machine: Machine
    bundle: str
    rounds: int
    calls: int
    """How often the model runs for one inspection, to come near that rate."""
    without_hz: Spread
    """Inspections a second that go nowhere."""
    with_hz: Spread
    """The same with their messages, the ledger, and a broker that acknowledges at once."""
    cost_ms: Spread
    """Of each round: by how much an inspection takes longer."""
    cpu_ms: Spread
    """CPU time for each inspection; if none of it overlaps with the model, as much as `cost_ms`."""
    ratio: Spread
    """What that leaves of a rate of 100 a second."""
    commit_p50_ms: Spread
    """From a result to its being safe on the disk."""
    commit_p99_ms: Spread


def encode(report: Report | LedgerReport) -> bytes:
    """Return the report as JSON."""
    content = {"schema": SCHEMA, **asdict(report)}
    return json.dumps(content, indent=2, allow_nan=False).encode() + b"\n"
