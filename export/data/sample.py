"""One labelled picture, and what every set of them offers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from edgevision.types import ClassMap, ImageBgr

__all__ = ["Sample", "SampleSet"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A picture and the class id of each of its pixels; both have the same height and width."""

    name: str
    image_bgr: ImageBgr
    class_map: ClassMap
    focus_xy: tuple[float, float] | None = None
    """A place worth looking at again and again, in pixels: a model erred there."""


class SampleSet(Protocol):
    """A fixed number of samples of the same labels."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Index is the class id; 0 is background."""

    @property
    def description(self) -> str:
        """Where the samples come from, for reports."""

    def __len__(self) -> int:
        """Return how many samples there are."""

    def __getitem__(self, index: int) -> Sample:
        """Return one sample; the same index gives the same sample."""

    def __iter__(self) -> Iterator[Sample]:
        """Yield all samples in order."""

    def at_epoch(self, epoch: int) -> "SampleSet":
        """Return what to train on in an epoch: fresh samples where there is no end of them, else self."""
