"""Labelled pictures without end: parts of the built-in sample line, rendered when they are needed."""

from collections.abc import Iterator

from edgevision.capture.sample import CLASS_NAMES, LINE, WIDE, render_part
from export.data.sample import Sample

__all__ = ["FIRST_SEED", "SampleLineSet"]

FIRST_SEED = 1_000_000
"""Seeds from here on are for training and choosing; measure on lower ones, which no model has seen."""

_PARTS_PER_SEED = 40


class SampleLineSet:
    """`frames` parts; every few parts come from another line, with its own belt and textures.

    The first `wide_share` of each line's parts show the wide look, the others the line's own.
    """

    def __init__(self, seed: int, frames: int, wide_share: float, first: int = 0) -> None:
        self._seed = seed
        self._frames = frames
        self._wide_share = wide_share
        self._first = first
        self._rendered: dict[int, Sample] = {}

    @property
    def labels(self) -> tuple[str, ...]:
        """Index is the class id; 0 is background."""
        return CLASS_NAMES

    @property
    def description(self) -> str:
        """Seed and number of parts."""
        return f"sample line, seed {self._seed}, {self._frames} parts, {self._wide_share:.0%} wide look"

    def __len__(self) -> int:
        """Return the number of parts."""
        return self._frames

    def __getitem__(self, index: int) -> Sample:
        """Return one part; it is rendered once and then kept."""
        if index not in self._rendered:
            self._rendered[index] = self._render(self._first + index)
        return self._rendered[index]

    def __iter__(self) -> Iterator[Sample]:
        """Yield all parts in order."""
        return (self[index] for index in range(self._frames))

    def at_epoch(self, epoch: int) -> "SampleLineSet":
        """Return as many parts that no other epoch shows."""
        return SampleLineSet(self._seed, self._frames, self._wide_share, epoch * self._frames)

    def _render(self, number: int) -> Sample:
        line, index = divmod(number, _PARTS_PER_SEED)
        look = WIDE if index < self._wide_share * _PARTS_PER_SEED else LINE
        frame = render_part(FIRST_SEED + 100_000 * self._seed + line, index, look=look)
        assert frame.truth is not None
        assert frame.truth.class_map is not None
        return Sample(f"part-{number:06d}", frame.image_bgr, frame.truth.class_map)
