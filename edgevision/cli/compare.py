"""`edgevision compare`: which verdicts flip between two result files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgevision.compare import Comparison

__all__ = ["compare"]

_SHOWN_MAX = 20


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="A.jsonl", help="Results of replay, or of ledger export.")
    ],
    after: Annotated[Path, typer.Argument(metavar="B.jsonl", help="What they are compared with.")],
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page about it, in one file.")
    ] = None,
    images: Annotated[
        list[str] | None,
        typer.Option(metavar="INPUT", help="What was inspected, for the report's pictures; may be repeated."),
    ] = None,
) -> None:
    """Say which verdicts flip from A to B: two recipes, bundles, engines or versions.

    Exits with 0 when all verdicts are the same, with 12 when one flips or a frame is in one file only.
    """
    from edgevision.cli.outputs import keep_apart
    from edgevision.compare import compare as compare_results
    from edgevision.errors import UsageError, VerdictsDiffer
    from edgevision.replay.reporting import check_writable, write_comparison
    from edgevision.replay.results import read_results

    keep_apart([before, after, *(images or [])], [report])
    sides = read_results(before), read_results(after)
    if not any(sides):
        raise UsageError(f"{before} and {after}: expected results in them, got none; nothing can be compared")
    found = compare_results(*sides)
    if report is not None:
        check_writable(report)
        write_comparison(report, found, sides, (before.name, after.name), images or [])
    _print(found)
    if not found.is_same:
        raise VerdictsDiffer(
            f"{before} and {after} disagree: {len(found.flips)} of {found.matched} verdicts flip, "
            f"{len(found.only_before)} frames are in the first only, {len(found.only_after)} in the second"
        )


def _print(found: "Comparison") -> None:
    from edgevision.types import Judgement

    print(f"{'A / B':<8}" + "".join(f"{judgement:>8}" for judgement in Judgement))
    for was in Judgement:
        print(f"{was:<8}" + "".join(f"{found.table.get((was, now), 0):>8}" for now in Judgement))
    for flip in found.flips[:_SHOWN_MAX]:
        key = flip.before.key
        place = key.name if key.frame_id is None else f"{key.name} {key.frame_id}"
        print(
            f"{flip.before.judgement} -> {flip.after.judgement}  {flip.effect}: {place}  {flip.after.reason}"
        )
    if len(found.flips) > _SHOWN_MAX:
        print(f"and {len(found.flips) - _SHOWN_MAX} more")
    print(
        f"matched {found.matched}, flips {len(found.flips)}, scores differ by at most {found.score_drift:.4f}"
    )
