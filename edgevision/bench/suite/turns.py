"""Runs alternatives in turns, so that a busy moment of the machine hits all of them alike."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from edgevision.errors import BundleError, EngineError

__all__ = ["in_turns", "loadable"]

Key = TypeVar("Key")
Taken = TypeVar("Taken")


def in_turns(
    turns: Mapping[Key, Callable[[], Taken]], rounds: int, what: str, on_progress: Callable[[str], None]
) -> dict[Key, list[Taken]]:
    """Return what each alternative gave in each round."""
    taken: dict[Key, list[Taken]] = {key: [] for key in turns}
    for index in range(rounds):
        on_progress(f"{what}, round {index + 1} of {rounds}")
        for key, turn in turns.items():
            taken[key].append(turn())
    return taken


def loadable(
    makers: Mapping[Key, Callable[[], Taken]],
) -> tuple[dict[Key, Taken], dict[Key, str]]:
    """Return what could be loaded on this machine, and why the rest could not."""
    loaded: dict[Key, Taken] = {}
    refused: dict[Key, str] = {}
    for key, make in makers.items():
        try:
            loaded[key] = make()
        except (BundleError, EngineError) as error:
            refused[key] = str(error)
    return loaded, refused
