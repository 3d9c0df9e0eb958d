"""Cuts the inputs of a replay into pieces that can be inspected anywhere, and inspects one. No cluster here.

A piece is a whole input, or a part of a long video. Its lines are those that a replay of everything
would write for its frames, so the pieces in order make the same file.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.build import Models, open_feed, open_segment
from edgevision.capture.address import kind_of
from edgevision.capture.video import VideoSource
from edgevision.config.document import load_recipe
from edgevision.config.station import CameraSettings, EngineSettings
from edgevision.errors import EngineError, TruncatedInput
from edgevision.replay.inputs import CAMERA
from edgevision.replay.outputs import result_line
from edgevision.replay.play import Replay
from edgevision.types import Inspected, Judgement, ModelRef

__all__ = ["Done", "Job", "Piece", "cut", "inspect"]

_FRAMES_MIN = 200
"""A shorter part is not worth reading its way to it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames `first`, `first` + 1, … of an input: `count` of them, or all to its end."""

    index: int
    """Of the input."""
    address: str
    first: int
    count: int | None
    is_last: bool
    """The last of its input, which tells the damage of it."""


@dataclass(frozen=True, slots=True)
class Job:
    """How every piece is inspected."""

    recipe: Path
    engine: EngineSettings
    models: tuple[ModelRef, ...]
    """Which every worker must run, on the same engine."""
    report_from: float | None = None


@dataclass(slots=True)
class Done:
    """What became of a piece; an `InspectionSink` while it is inspected."""

    lines: list[bytes] = field(default_factory=list)
    judgements: Counter[Judgement] = field(default_factory=Counter)
    by_truth: Counter[tuple[Judgement, Judgement]] = field(default_factory=Counter)
    damage: str = ""

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Add the lines."""
        for inspected in batch:
            inspection = inspected.inspection
            self.lines.append(result_line(inspection, CAMERA))
            self.judgements[inspection.verdict.judgement] += 1
            if inspection.truth is not None:
                self.by_truth[inspection.truth, inspection.verdict.judgement] += 1


def cut(inputs: Sequence[str], frames: int | None, parts: int, frames_min: int = _FRAMES_MIN) -> list[Piece]:
    """Return the pieces of all inputs in order: each whole, or a long video in up to `parts` parts.

    The last part has no end, so that the parts hold every frame, whatever the container says.

    Raises:
        CaptureError: a video cannot be opened.
    """
    pieces = []
    for index, address in enumerate(inputs):
        count = _length(address, frames) if kind_of(address) == "video" else 0
        number = max(1, min(parts, count // frames_min))
        size = -(-count // number)
        pieces += [Piece(index, address, part * size, size, is_last=False) for part in range(number - 1)]
        first = (number - 1) * size if number > 1 else 0
        pieces.append(Piece(index, address, first, None if frames is None else frames - first, is_last=True))
    return pieces


def inspect(piece: Piece, job: Job, models: Models | None = None) -> Done:
    """Inspect a piece, by `models` where they are loaded already.

    Raises:
        EngineError: this machine would run another engine or bundle than the job says.
    """
    loaded = load_recipe(job.recipe)
    models = models or Models(loaded, job.engine, streams=1)
    if models.refs != job.models:
        raise EngineError(
            f"a worker would run {_told(models.refs)}, expected {_told(job.models)}; "
            "install the same on every machine, or name --engine and --precision"
        )
    done = Done()
    camera = CameraSettings(name=CAMERA, source=piece.address)
    if kind_of(piece.address) == "video":
        feed = open_segment(camera, piece.first, piece.count)
    else:
        feed = open_feed(camera, piece.count)
    try:
        Replay(loaded, models, 1, job.report_from).run(piece.index, piece.address, feed, [done], piece.count)
    except TruncatedInput as damage:
        if piece.is_last:
            done.damage = str(damage)
    return done


def _length(address: str, frames: int | None) -> int:
    source = VideoSource(Path(address), CAMERA)
    source.open()
    announced = source.frames_expected or 0
    source.close()
    return announced if frames is None else min(announced, frames)


def _told(models: Sequence[ModelRef]) -> str:
    return ", ".join(f"{each.bundle} {each.version} {each.precision} on {each.engine}" for each in models)
