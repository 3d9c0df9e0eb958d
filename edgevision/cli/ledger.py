"""`edgevision ledger`: looks into the journal of a station, also while the station runs."""

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
    """Print the newest results: number, time, judgement, state, reason; exits with 3 when one is damaged."""
    from edgevision.errors import DamagedResult

    damage: list[str] = []
    with _open(file) as reader:
        for row in reader.rows(newest=count):
            try:
                print(_line(row))
            except DamagedResult as error:
                damage.append(f"{file}: {error}")
    if damage:
        raise DamagedResult("\n".join(damage))


@app.command()
def export(
    file: _File,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Ends with .jsonl, .csv or .parquet.")],
) -> None:
    """Write every result that is still held, in order, with its number and state.

    Exits with 3 when results are damaged: the others are written all the same.
    """
    from edgevision.ledger.export import export_rows

    with _open(file) as reader:
        count = export_rows(reader.rows(), out)
    print(f"{out}: {count} results")


@app.command()
def stats(file: _File) -> None:
    """Count results by judgement and by what became of them; those that the file holds no more, too."""
    from edgevision.types import Judgement

    with _open(file) as reader:
        books = reader.books()
    states = ("waiting", "delivered", "dropped")
    print(f"{'':<4}" + "".join(f"{state:>12}" for state in states))
    for judgement in Judgement:
        cells = "".join(f"{books.counts.get((state, judgement), 0):>12}" for state in states)
        print(f"{judgement:<4}{cells}")
    print(
        f"numbers {books.first} to {books.last}, {books.kept} held, {len(books.boots)} starts of the station"
    )


@app.command()
def verify(file: _File) -> None:
    """Prove that the numbers have no gap, the books balance and the file is sound; exits with 9 when not."""
    from edgevision.errors import LedgerError

    with _open(file) as reader:
        books = reader.books()
    if books.problems:
        raise LedgerError("\n".join(f"{file}: {problem}" for problem in books.problems))
    for boot in books.boots:
        became = " + ".join(f"{boot.count(state)} {state}" for state in ("waiting", "delivered", "dropped"))
        judged = " + ".join(f"{count} {judgement}" for judgement, count in boot.committed.items())
        print(f"start {boot.boot_id}: {boot.total} committed = {judged} = {became}")
    print(f"{file}: numbers {books.first} to {books.last}, {books.total} results, no gap, the books balance")


def _line(row: "LedgerRow") -> str:
    from edgevision.ledger.payload import read_message

    message = read_message(row.sequence, row.payload)
    return (
        f"{row.sequence:>10}  {message.get('time', '-')!s:<24}  {row.judgement}  {row.state:<9}  "
        f"{message.get('camera', '-')}  {message.get('reason', '')}"
    )


def _open(file: Path) -> "closing[LedgerReader]":
    from edgevision.ledger.reader import LedgerReader

    return closing(LedgerReader(file))
