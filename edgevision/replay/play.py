"""Replays recordings through the station's own inspector: every frame, in order, reproducibly.

The same input, recipe and bundle give the same lines, apart from the fields that the result
message declares volatile. Writing is `replay.outputs`.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.build import Models
from edgevision.config.document import LoadedRecipe
from edgevision.errors import TruncatedInput
from edgevision.ports import Feed, InspectionSink
from edgevision.replay.inputs import calibration_of, open_recordings
from edgevision.station import Lane
from edgevision.tally import Tally
from edgevision.types import Inspected

__all__ = ["Progress", "Replay", "Summary"]

Progress = Callable[[int, int | None], None]
"""Gets the frames done and, where known, expected, over the inputs so far."""

_NAMESPACE = uuid.UUID("5a1f0c3e-0c6b-5d0e-9d0a-5d8f6b1f7a52")


@dataclass(slots=True)
class Summary:
    """What a replay did."""

    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    damage: list[str] = field(default_factory=list)
    """One sentence for each input that ended early."""

    def raise_damage(self) -> None:
        """Raise TruncatedInput when any input was damaged."""
        if self.damage:
            raise TruncatedInput("\n".join(self.damage))


class Replay:
    """A recipe's models, ready for any number of inputs."""

    def __init__(
        self, recipe: LoadedRecipe, models: Models, workers: int, report_from: float | None = None
    ) -> None:
        """Use `workers` threads, which should be the models' streams.

        From the score `report_from` on, detect steps report what they do not judge.
        """
        self._recipe = recipe
        self._models = models
        self._workers = workers
        self._report_from = report_from

    def play(
        self,
        inputs: Sequence[str],
        sinks: Sequence[InspectionSink],
        *,
        frames: int | None = None,
        on_progress: Progress | None = None,
    ) -> Summary:
        """Inspect every frame of every input, at most `frames` of each.

        Raises:
            CaptureError: an input cannot be opened at all.
            UsageError: an input would never end.
            OutputError: a sink cannot write.
        """
        summary = Summary()
        feeds = open_recordings(inputs, frames)
        began_s = time.monotonic()
        for index, (address, feed) in enumerate(zip(inputs, feeds, strict=True)):
            counting = _Counting(summary.tally, feed, frames, on_progress)
            try:
                self.run(index, address, feed, (*sinks, counting), frames)
            except TruncatedInput as damage:
                summary.damage.append(str(damage))
        summary.seconds = time.monotonic() - began_s
        return summary

    def run(
        self, index: int, address: str, feed: Feed, sinks: Sequence[InspectionSink], frames: int | None
    ) -> None:
        """Inspect what `feed` gives of the input `address`, which is number `index`, counted from 0.

        Raises:
            CaptureError: it cannot be opened, or is damaged.
            OutputError: a sink cannot write.
        """
        inspector = self._models.inspector(
            self._run_id(index, address),
            px_per_mm=calibration_of(address),
            is_simulated=True,
            report_from=self._report_from,
        )
        lane = Lane(feed, lambda: inspector, sinks, workers=self._workers, frames=frames)
        try:
            lane.start()
            lane.join()
        except KeyboardInterrupt:
            lane.stop()
            lane.join()
            raise

    def _run_id(self, index: int, address: str) -> str:
        """The same for the same recipe and input, wherever the input lies."""
        return str(uuid.uuid5(_NAMESPACE, f"{self._recipe.ref.sha256}/{index}/{Path(address).name}"))


class _Counting:
    """The sink that counts, for the summary and for a progress bar."""

    def __init__(self, tally: Tally, feed: Feed, frames: int | None, on_progress: Progress | None) -> None:
        self._tally = tally
        self._feed = feed
        self._frames = frames
        self._on_progress = on_progress
        self._before = tally.total

    def commit(self, batch: Sequence[Inspected]) -> None:
        for inspected in batch:
            self._tally.add(inspected.inspection, time.monotonic_ns())
        if self._on_progress is not None:
            self._on_progress(self._tally.total, self._expected())

    def _expected(self) -> int | None:
        known = [count for count in (self._feed.frames_expected, self._frames) if count is not None]
        return self._before + min(known) if known else None
