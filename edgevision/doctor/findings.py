"""What a check says: one line with a verdict, and what to do about it. Pure."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum

from edgevision.errors import EdgeVisionError

__all__ = ["Examination", "Finding", "Grade", "failed", "fine", "refused", "warned"]


class Grade(StrEnum):
    """How bad it is. `FAIL`: the station cannot work like this."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    """What was looked at: `broker.tls`."""
    verdict: Grade
    text: str
    """One line."""
    remedy: str = ""
    """What to do; empty when there is nothing to do."""


Examination = Generator[Finding, None, None]
"""What a check yields: its findings, as it makes them."""


def fine(name: str, text: str) -> Finding:
    """Return a finding that needs no remedy."""
    return Finding(name, Grade.OK, _one_line(text))


def warned(name: str, text: str, remedy: str) -> Finding:
    """Return a finding that should be looked at."""
    return Finding(name, Grade.WARN, _one_line(text), _one_line(remedy))


def failed(name: str, text: str, remedy: str) -> Finding:
    """Return a finding that keeps the station from working."""
    return Finding(name, Grade.FAIL, _one_line(text), _one_line(remedy))


def refused(name: str, error: EdgeVisionError | str) -> Finding:
    """Return a failure from a message that ends with its remedy, as ours do: `what is wrong; what to do`."""
    text, _, remedy = _one_line(str(error)).rpartition("; ")
    return failed(name, text or remedy, remedy if text else "see the message")


def _one_line(text: str) -> str:
    return " | ".join(line.strip() for line in text.splitlines() if line.strip())
