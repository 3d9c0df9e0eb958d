"""The page about one replay: how many were good, when, why not, how sure, and the parts that were not."""

from collections import Counter
from collections.abc import Mapping, Sequence

from edgevision.compare import Result
from edgevision.report.charts import histogram, score_columns, time_columns, timeline
from edgevision.report.gallery import Pictures, card, more
from edgevision.report.page import Figure, badge, figures, page, section, table
from edgevision.types import Judgement

__all__ = ["percent", "replay_page"]

_WHERE = "those shown are evenly spread, and the result file names all"


def replay_page(
    results: Sequence[Result],
    shown: Sequence[Result],
    pictures: Pictures,
    thresholds: Mapping[str, float],
    facts: Mapping[str, str],
) -> str:
    """Return the page.

    Args:
        results: All of them, in order.
        shown: Those to show with their picture: NG and ND.
        pictures: What is there of them.
        thresholds: Names and scores to mark in the histogram.
        facts: What was replayed and by what, as names and values.
    """
    counts = Counter(result.judgement for result in results)
    bad = counts[Judgement.NG] + counts[Judgement.ND]
    legend = f'<p class="legend">{"".join(badge(judgement) for judgement in Judgement)}</p>'
    body = [
        figures(_figures(results, counts)),
        section(
            "Timeline",
            legend,
            timeline(time_columns([result.judgement for result in results])),
            lead="Judgements in the order of inspection.",
        ),
        section(
            "Scores",
            histogram(
                score_columns((each.judgement, each.score_max) for each in results), thresholds.values()
            ),
            lead=f"The highest defect score of each inspection{_named(thresholds)}.",
        ),
        section("Why", _causes(results)) if bad else "",
        section(
            "NG and ND",
            f'<div class="gallery">{"".join(card(result, pictures) for result in shown)}</div>',
            more(len(shown), bad, "NG and ND inspections", _WHERE),
            lead="Each with its boxes, highest score, reason and place." if bad else "There are none.",
        ),
        section("What was run", table(facts.items())),
    ]
    subtitle = f"{len(results):,} inspections, recipe {facts.get('recipe', '')}"
    return page("Replay report", subtitle, body, f"edgevision {facts.get('edgevision', '')}")


def _named(thresholds: Mapping[str, float]) -> str:
    told = ", ".join(f"{name} {score:g}" for name, score in thresholds.items())
    return f"; dashed: {told}" if told else ""


def percent(part: int, whole: int) -> str:
    """Return a share for people; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _figures(results: Sequence[Result], counts: Counter[Judgement]) -> list[Figure]:
    total = len(results)
    found = [Figure(f"{total:,}", "inspected"), Figure(percent(counts[Judgement.OK], total), "yield")]
    names = {Judgement.OK: "OK", Judgement.NG: "NG, not good", Judgement.ND: "ND, not decidable"}
    found += [Figure(f"{counts[each]:,}", names[each], each) for each in Judgement]
    by_truth = Counter((result.truth, result.judgement) for result in results)
    if any(truth is not None for truth, _ in by_truth):
        found.append(Figure(f"{by_truth[Judgement.NG, Judgement.OK]:,}", "escapes: bad, judged OK", "NG"))
        found.append(Figure(f"{by_truth[Judgement.OK, Judgement.NG]:,}", "false NG: good, judged NG", "ND"))
    return found


def _causes(results: Sequence[Result]) -> str:
    """Return two tables: by reason, and by class of defect, most frequent first."""
    bad = [result for result in results if result.judgement is not Judgement.OK]
    reasons = Counter(code for result in bad for code in set(result.codes))
    classes = Counter(label for result in bad for label in {box[0] for box in result.boxes})
    tables = (
        table(_shares(counts, len(bad)), (name, "inspections", "share"), numbers=True)
        for name, counts in (("reason", reasons), ("defect found", classes))
        if counts
    )
    return f'<div class="columns">{"".join(f"<div>{each}</div>" for each in tables)}</div>'


def _shares(counts: Counter[str], whole: int) -> list[tuple[str, str, str]]:
    return [
        (name.replace("_", " "), f"{count:,}", percent(count, whole)) for name, count in counts.most_common()
    ]
