"""What an inspection refers to: its trigger, recipe and models, and how long it took.

Part of the vocabulary of `edgevision.types`, which is where others import it from.
"""

from dataclasses import dataclass

__all__ = ["ModelRef", "RecipeRef", "StageTimes", "Trigger"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """An order to inspect what stands before one camera now. Times without `wall` are monotonic."""

    trigger_id: str
    result_id: str
    """Follows from the trigger id, so a repeated trigger would give the same."""
    requested_ns: int
    """When the line said so."""
    wall_ns: int
    """The same in UTC."""
    deadline_ns: int
    """By then there is a verdict, ND if need be."""
    pre_trigger_ns: int = 0
    """How long before the trigger the wanted frame was exposed."""
    part_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecipeRef:
    """Which recipe judged."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which bundle a task ran, and on what."""

    task: str
    bundle: str
    version: str
    sha256: str
    precision: str
    engine: str
    provider: str


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Durations in nanoseconds: waiting for a worker, all of inspecting, and inference within it."""

    queue_ns: int = 0
    inspect_ns: int = 0
    infer_ns: int = 0
    acquire_ns: int = 0
    """Reading the frame; 0 where the source does not measure it."""
