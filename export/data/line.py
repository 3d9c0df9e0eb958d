"""Labelled pictures without end: parts of the built-in sample line, rendered when they are needed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgevision.capture.sample import CLASS_NAMES, LINE, PITTED, WIDE, Look, render_part
from export.data.sample import Sample

__all__ = ["FIRST_SEED", "HardPartsSet", "SampleLineSet"]

FIRST_SEED = 1_000_000
"""Seeds from here on are for training and choosing; measure on lower ones, which no model has seen."""

_PARTS_PER_SEED = 40


class SampleLineSet:
    """`frames` parts; every few parts come from another line, with its own belt and textures.

    The first `wide_share` of each line's parts show the wide look, the next `pitted_share` many pits, the
    others the line's own look.
    """

    def __init__(
        self, seed: int, frames: int, wide_share: float, first: int = 0, pitted_share: float = 0.0
    ) -> None:
        self._seed = seed
        self._frames = frames
        self._wide_share, self._pitted_share = wide_share, pitted_share
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
        first = epoch * self._frames
        return SampleLineSet(self._seed, self._frames, self._wide_share, first, self._pitted_share)

    def part(self, number: int) -> Sample:
        """Return the part of this number, whichever epoch shows it."""
        return self._render(number)

    def _render(self, number: int) -> Sample:
        line, index = divmod(number, _PARTS_PER_SEED)
        frame = render_part(FIRST_SEED + 100_000 * self._seed + line, index, look=self._look(index))
        assert frame.truth is not None
        assert frame.truth.class_map is not None
        return Sample(f"part-{number:06d}", frame.image_bgr, frame.truth.class_map)

    def _look(self, index: int) -> Look:
        if index < self._wide_share * _PARTS_PER_SEED:
            return WIDE
        is_pitted = index < (self._wide_share + self._pitted_share) * _PARTS_PER_SEED
        return PITTED if is_pitted else LINE


class HardPartsSet:
    """Fresh parts, of which the last ones give way to parts that a model has judged wrongly.

    Each epoch takes the next of the hard parts, and begins again when all were shown. `spots_xy` says
    where in each of them the model erred.
    """

    def __init__(
        self,
        fresh: SampleLineSet,
        hard: SampleLineSet,
        numbers: Sequence[int],
        share: float,
        *,
        spots_xy: Sequence[tuple[int, int]] | None = None,
        epoch: int = 0,
    ) -> None:
        self._fresh, self._hard = fresh, hard
        self._numbers, self._share, self._epoch = tuple(numbers), share, epoch
        self._spots_xy = spots_xy
        self._shown = round(share * len(fresh))

    @property
    def labels(self) -> tuple[str, ...]:
        """Index is the class id; 0 is background."""
        return self._fresh.labels

    @property
    def description(self) -> str:
        """Say what the fresh parts are, and how many hard ones there are."""
        return f"{self._fresh.description}, {self._share:.0%} of them from {len(self._numbers)} hard ones"

    def __len__(self) -> int:
        """Return the number of parts of an epoch."""
        return len(self._fresh)

    def __getitem__(self, index: int) -> Sample:
        """Return one part."""
        position = index - (len(self) - self._shown)
        if position < 0:
            return self._fresh[index]
        turn = (self._epoch * self._shown + position) % len(self._numbers)
        part = self._hard.part(self._numbers[turn])
        return part if self._spots_xy is None else replace(part, focus_xy=self._spots_xy[turn])

    def __iter__(self) -> Iterator[Sample]:
        """Yield all parts in order."""
        return (self[index] for index in range(len(self)))

    def at_epoch(self, epoch: int) -> "HardPartsSet":
        """Return fresh parts that no other epoch shows, and the next hard ones."""
        fresh = self._fresh.at_epoch(epoch)
        return HardPartsSet(
            fresh, self._hard, self._numbers, self._share, spots_xy=self._spots_xy, epoch=epoch
        )
