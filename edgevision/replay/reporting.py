"""Writes the reports of replays and comparisons: gathers what the pages need, and their pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from edgevision import __version__
from edgevision.compare import Comparison, Result
from edgevision.errors import OutputError
from edgevision.recipe import Recipe
from edgevision.replay.inputs import expanded
from edgevision.replay.pictures import find_pictures
from edgevision.replay.results import read_results
from edgevision.report.compared import comparison_page
from edgevision.report.replayed import replay_page
from edgevision.types import Judgement

__all__ = ["check_writable", "write_comparison", "write_replay"]

_HASH_SHOWN = len("sha256:") + 16

_Item = TypeVar("_Item")

_PICTURES_MAX = 1000
"""A page shows at most so many inspections with pictures, some 10 kB each."""


def write_replay(
    path: Path, results_file: Path, recipe: Recipe, inputs: Sequence[str], frames: int | None
) -> None:
    """Write the page about a replay whose results are in `results_file`.

    Raises:
        CaptureError: an input cannot be opened any more.
        OutputError: the page cannot be written.
    """
    results = read_results(results_file)
    shown = _spread([result for result in results if result.judgement is not Judgement.OK])
    pictures = find_pictures(inputs, [result.key for result in shown], frames)
    page = replay_page(results, shown, pictures, _thresholds(recipe), _facts(results, inputs))
    _write(path, page)


def write_comparison(
    path: Path,
    found: Comparison,
    sides: tuple[Sequence[Result], Sequence[Result]],
    names: tuple[str, str],
    images: Sequence[str],
) -> None:
    """Write the page about a comparison; `images` are the inputs of both sides, or none.

    Raises:
        CaptureError: an input cannot be opened.
        OutputError: the page cannot be written.
    """
    shown = _spread(found.flips)
    wanted = [flip.after.key for flip in shown]
    frames = max((key.frame_id or 0 for key in wanted), default=0) + 1
    pictures = find_pictures(expanded(images), wanted, frames)
    before, after = (_origin(side) for side in sides)
    facts = {name: (before.get(name, "-"), after.get(name, "-")) for name in {**before, **after}}
    _write(path, comparison_page(found, shown, pictures, names, facts))


def check_writable(path: Path) -> None:
    """Make an empty file, so that a wrong path is told before the work; raises OutputError."""
    _write(path, "")


def _spread(items: Sequence[_Item]) -> list[_Item]:
    """Return all, or as many of them as a page shows, evenly spread."""
    count = min(len(items), _PICTURES_MAX)
    return [items[index * len(items) // count] for index in range(count)]


def _thresholds(recipe: Recipe) -> dict[str, float]:
    """Return the scores at which a recipe's judgement changes, by name."""
    found = {rule.name: rule.min_score for rule in recipe.rules if rule.min_score}
    if recipe.grey_band is not None:
        found |= {"ND from": recipe.grey_band.low, "NG from": recipe.grey_band.high}
    return found


def _facts(results: Sequence[Result], inputs: Sequence[str]) -> dict[str, str]:
    facts = {name.replace("_", " "): value for name, value in _origin(results).items()}
    return facts | {
        "inputs": ", ".join(Path(each).name or each for each in inputs),
        "edgevision": __version__,
    }


def _origin(results: Sequence[Result]) -> dict[str, str]:
    """Return what made the results; of several recipes or engines in one file, all."""
    values: dict[str, dict[str, None]] = {}
    for result in results:
        for name, value in result.origin:
            shown = value[:_HASH_SHOWN] if name.endswith("_hash") else value
            values.setdefault(name, {})[shown] = None
    return {name: ", ".join(found) for name, found in values.items()}


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror}; choose another place or free space"
        ) from error
