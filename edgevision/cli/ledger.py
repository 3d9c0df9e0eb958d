"""`edgevision ledger`: looks into the journal of a station, also while the station runs."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgevision.ledger.reader import LedgerReader, LedgerRow

__all__ = ["app"]

app = typer.Typer(help="Look into a station's ledger; nothing here changes it.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="ledger.path of the station file.")]


@app.command()
def tail(
    file: _File, count: Annotated[int, typer.Option("-n", min=1, help="How many results.")] = 10
) -> None:
    """Print the newest results: number, time, judgement, state, reason."""
    with _open(file) as reader:
        for row in reader.rows(newest=count):
            message = json.loads(row.payload) if row.payload is not None else {}
            print(
                f"{row.sequence:>10}  {message.get('time', '-'):<24}  {row.judgement}  {row.state:<9}  "
                f"{message.get('camera', '-')}  {message.get('reason', '')}"
            )


@app.command()
def export(
    file: _File,
    out: Annotated[Path, typer.Option(metavar="FILE", help="One result message a line, as JSON.")],
) -> None:
    """Write every result that still has its message, in order, with its number and state."""
    from edgevision.errors import OutputError

    with _open(file) as reader:
        try:
            with out.open("wb") as stream:
                lines = 0
                for line in _lines(reader.rows()):
                    stream.write(line)
                    lines += 1
        except OSError as error:
            raise OutputError(
                f"{out}: cannot be written: {error.strerror}; choose another place or free space"
            ) from error
    print(f"{out}: {lines} results")


@app.command()
def stats(file: _File) -> None:
    """Count results by judgement and state."""
    from edgevision.types import Judgement

    with _open(file) as reader:
        books = reader.books()
    states = ("waiting", "delivered", "dropped")
    print(f"{'':<4}" + "".join(f"{state:>12}" for state in states))
    for judgement in Judgement:
        cells = "".join(f"{books.counts.get((judgement, state), 0):>12}" for state in states)
        print(f"{judgement:<4}{cells}")
    print(f"numbers {books.first} to {books.last}, {books.boots} starts of the station")


@app.command()
def verify(file: _File) -> None:
    """Prove that the numbers have no gap and that the file is sound; exits with 9 when not."""
    from edgevision.errors import LedgerError

    with _open(file) as reader:
        books = reader.books()
    if books.problems:
        raise LedgerError("\n".join(f"{file}: {problem}" for problem in books.problems))
    print(f"{file}: numbers {books.first} to {books.last}, {books.total} results, no gap")


def _open(file: Path) -> "closing[LedgerReader]":
    from edgevision.ledger.reader import LedgerReader

    return closing(LedgerReader(file))


def _lines(rows: "Iterator[LedgerRow]") -> Iterator[bytes]:
    for row in rows:
        if row.payload is not None:
            head = json.dumps({"sequence": row.sequence, "state": row.state}).encode()
            yield head[:-1] + b", " + row.payload[1:] + b"\n"
