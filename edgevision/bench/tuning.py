"""What `edgevision tune` measured as a table, and why it chose what it chose. Pure."""

from collections.abc import Sequence

from edgevision.bench.present import Table
from edgevision.engines.choices import Measurement
from edgevision.engines.choose import NEARLY_AS_FAST, Choice

__all__ = ["reason", "tuning_table"]

_COLUMNS = ("engine", "provider", "precision", "streams", "threads", "per call", "")


def tuning_table(title: str, choice: Choice) -> Table:
    """Return all candidates, the fastest first, those that were excluded last."""
    timed = sorted(_timed(choice), key=_time_ms)
    excluded = [one for one in choice.measurements if one.median_ms is None]
    return Table(title, _COLUMNS, [_row(one, choice) for one in (*timed, *excluded)])


def reason(choice: Choice) -> str:
    """Return in one sentence what was chosen and why."""
    fastest = min(_timed(choice), key=_time_ms)
    chosen = next(one for one in choice.measurements if _is_chosen(one, choice))
    said = f"Chosen: {_named(chosen)}, {_time_ms(chosen):.2f} ms a call"
    if chosen == fastest:
        return f"{said}, the fastest."
    return (
        f"{said}: within {NEARLY_AS_FAST - 1:.0%} of the fastest, {_named(fastest)} with "
        f"{_time_ms(fastest):.2f} ms; of such, int8 comes before fp32, then the usual division of threads."
    )


def _timed(choice: Choice) -> Sequence[Measurement]:
    return [one for one in choice.measurements if one.median_ms is not None]


def _time_ms(one: Measurement) -> float:
    assert one.median_ms is not None, "only of those that were timed"
    return one.median_ms


def _row(one: Measurement, choice: Choice) -> tuple[str, ...]:
    fell_back = one.provider_used not in ("", one.provider)
    provider = f"{one.provider}, runs on {one.provider_used}" if fell_back else one.provider
    time_ms = "" if one.median_ms is None else f"{one.median_ms:.2f} ms"
    mark = "chosen" if _is_chosen(one, choice) else f"not used: {one.excluded}" if one.excluded else ""
    return one.engine, provider, one.precision, str(one.streams), str(one.threads), time_ms, mark


def _is_chosen(one: Measurement, choice: Choice) -> bool:
    r = choice.request
    asked = (r.engine, r.provider, r.precision, r.threads, r.streams)
    return asked == (one.engine, one.provider, one.precision, one.threads, one.streams)


def _named(one: Measurement) -> str:
    streams = f"{one.streams} stream{'' if one.streams == 1 else 's'}"
    threads = f"{one.threads} thread{'' if one.threads == 1 else 's'}"
    return f"{one.engine} {one.provider} {one.precision} with {streams} on {threads}"
