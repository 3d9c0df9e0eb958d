"""The page about two sets of results: which verdicts flip, what that means, and how the parts look."""

from collections.abc import Mapping, Sequence

from edgevision.compare import Comparison, Effect, Flip, Key
from edgevision.report.gallery import Pictures, more, pair
from edgevision.report.page import Figure, figures, page, section, table
from edgevision.report.replayed import percent
from edgevision.types import Judgement

__all__ = ["comparison_page"]

_WORSE = frozenset({Effect.NEW_ESCAPE, Effect.NEW_FALSE_NG, Effect.UNDECIDED_NOW})
_LISTED_MAX = 20


def comparison_page(
    found: Comparison,
    shown: Sequence[Flip],
    pictures: Pictures,
    names: tuple[str, str],
    facts: Mapping[str, tuple[str, str]],
) -> str:
    """Return the page.

    Args:
        found: The comparison.
        shown: The flips to show with their pictures.
        pictures: What is there of them, by key.
        names: What the two sets are called.
        facts: What made them: a name with the value of each side.
    """
    body = [
        figures(_figures(found)),
        section("What was compared", _origins(names, facts)),
        section(
            "Verdicts", _tables(found), lead="Rows are A, columns are B; what agrees is on the diagonal."
        ),
        section(
            "Flips",
            f'<div class="pairs">{"".join(pair(flip, pictures) for flip in shown)}</div>',
            more(
                len(shown),
                len(found.flips),
                "flips",
                "those shown are evenly spread, and the result files name all",
            ),
            lead="Left A, right B, with boxes and highest score." if found.flips else "There are none.",
        ),
        _missing("Only in A", found.only_before),
        _missing("Only in B", found.only_after),
    ]
    verdict = "The verdicts are the same" if found.is_same else "The verdicts differ"
    return page("Comparison report", verdict, body, "edgevision compare")


def _figures(found: Comparison) -> list[Figure]:
    lacking = len(found.only_before) + len(found.only_after)
    values = [
        Figure(f"{found.matched:,}", "compared"),
        Figure(f"{len(found.flips):,}", f"flips, {percent(len(found.flips), found.matched)}", "ND"),
    ]
    values += [
        Figure(f"{count:,}", effect, "NG" if effect in _WORSE else "OK" if _is_better(effect) else "plain")
        for effect, count in found.effects.items()
    ]
    if lacking:
        values.append(Figure(f"{lacking:,}", "in one file only", "ND"))
    return [*values, Figure(f"{found.score_drift:.3f}", "largest change of a score")]


def _is_better(effect: Effect) -> bool:
    return effect in (Effect.ESCAPE_CAUGHT, Effect.FALSE_NG_GONE, Effect.DECIDED_NOW)


def _origins(names: tuple[str, str], facts: Mapping[str, tuple[str, str]]) -> str:
    rows = [("results", *names)]
    rows += [(name.replace("_", " "), *values) for name, values in facts.items()]
    marked = [(f"{name} ≠" if a != b else name, a, b) for name, a, b in rows]
    return table(marked, ("", "A", "B"))


def _tables(found: Comparison) -> str:
    verdicts = table(
        ((f"{was} in A", *(f"{found.table.get((was, now), 0):,}" for now in Judgement)) for was in Judgement),
        ("", *(f"{now} in B" for now in Judgement)),
        numbers=True,
    )
    if not found.truths:
        return verdicts
    rows = {
        "escapes: bad, judged OK": (Judgement.NG, Judgement.OK),
        "false NG: good, judged NG": (Judgement.OK, Judgement.NG),
        "bad, judged ND": (Judgement.NG, Judgement.ND),
        "good, judged ND": (Judgement.OK, Judgement.ND),
    }
    truths = table(
        ((name, *(f"{count:,}" for count in found.truths.get(key, (0, 0)))) for name, key in rows.items()),
        ("against the truth", "A", "B"),
        numbers=True,
    )
    return f'<div class="columns"><div>{verdicts}</div><div>{truths}</div></div>'


def _missing(title: str, keys: Sequence[Key]) -> str:
    if not keys:
        return ""
    listed = [(key.name, str(key.frame_id)) for key in keys[:_LISTED_MAX]]
    lead = f"The first {_LISTED_MAX} of {len(keys):,}." if len(keys) > _LISTED_MAX else ""
    return section(title, table(listed, ("file or camera", "frame")), lead=lead)
