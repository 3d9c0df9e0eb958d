"""Writes the results of a ledger as a file for others: JSON lines, CSV or Parquet, by the file's ending.

CSV and Parquet have one column for each field of the published schema of a result, and leave out fields
that it does not know; reasons and defects are JSON in one column each. Damaged results are left out and
told. Parquet needs pyarrow (extra `parquet`).
"""

import csv
import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from edgevision.errors import DamagedResult, OutputError, UsageError
from edgevision.ledger.payload import read_message
from edgevision.ledger.reader import LedgerRow
from edgevision.messages import iso_utc, schemas

__all__ = ["ENDINGS", "export_rows"]

ENDINGS = (".jsonl", ".csv", ".parquet")

_OF_LEDGER = {
    "sequence": "integer",
    "boot_id": "string",
    "state": "string",
    "committed_time": "string",
    "delivered_time": "string",
}
_OF_PUBLISHING = {"published_ts", "published_time", "boot_id", "sequence", "late", "unsaved"}
_ROWS_AT_ONCE = 4096

Record = dict[str, Any]


def export_rows(rows: Iterable[LedgerRow], out: Path) -> int:
    """Write all rows and return how many there were.

    Raises:
        UsageError: the ending of the file is unknown, or pyarrow is not installed.
        OutputError: the file cannot be written, or a value does not fit its column.
        DamagedResult: once at the end, naming the results that cannot be read; the others are written.
    """
    writers: dict[str, Callable[[Iterator[Record], Path], int]] = {
        ".jsonl": _write_lines,
        ".csv": _write_csv,
        ".parquet": _write_parquet,
    }
    if out.suffix not in writers:
        raise UsageError(f"{out}: expected a file ending with {', '.join(ENDINGS)}; rename it")
    damage: list[str] = []
    try:
        count = writers[out.suffix](_records(rows, damage), out)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written: {error.strerror}; choose another place or free space"
        ) from error
    except ValueError as error:
        raise OutputError(f"{out}: a value of a result cannot be written as text: {error}") from error
    if damage:
        raise DamagedResult("\n".join([*damage, f"{out}: {count} other results were written"]))
    return count


def _records(rows: Iterable[LedgerRow], damage: list[str]) -> Iterator[Record]:
    for row in rows:
        try:
            yield _record(row)
        except DamagedResult as error:
            damage.append(str(error))


def _record(row: LedgerRow) -> Record:
    record: Record = {
        "sequence": row.sequence,
        "boot_id": row.boot_id,
        "state": row.state,
        "committed_time": iso_utc(row.committed_ns),
    }
    if row.delivered_ns is not None:
        record["delivered_time"] = iso_utc(row.delivered_ns)
    return record | read_message(row.sequence, row.payload)


def _columns() -> dict[str, str]:
    """Return name → type of JSON Schema; a word of a fixed set is a string."""
    properties = schemas()["result"]["properties"]
    of_message = {name: each.get("type", "string") for name, each in properties.items()}
    return _OF_LEDGER | {name: kind for name, kind in of_message.items() if name not in _OF_PUBLISHING}


def _flat(record: Record) -> Record:
    return {name: _json(value) if isinstance(value, list) else value for name, value in record.items()}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write_lines(records: Iterator[Record], out: Path) -> int:
    count = 0
    with out.open("w", encoding="utf-8") as stream:
        for count, record in enumerate(records, start=1):  # noqa: B007 - the last count is returned
            stream.write(_json(record) + "\n")
    return count


def _write_csv(records: Iterator[Record], out: Path) -> int:
    count = 0
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, list(_columns()), restval="", extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        for count, record in enumerate(records, start=1):  # noqa: B007 - the last count is returned
            writer.writerow(_flat(record))
    return count


def _write_parquet(records: Iterator[Record], out: Path) -> int:
    arrow, parquet = _pyarrow()
    types = {"integer": arrow.int64(), "number": arrow.float64(), "boolean": arrow.bool_()}
    schema = arrow.schema([(name, types.get(kind, arrow.string())) for name, kind in _columns().items()])
    count = 0
    with parquet.ParquetWriter(out, schema) as writer:
        while chunk := [_flat(record) for record in islice(records, _ROWS_AT_ONCE)]:
            try:
                writer.write_table(arrow.Table.from_pylist(chunk, schema=schema))
            except (arrow.ArrowException, ValueError, OverflowError) as error:
                first, last = chunk[0]["sequence"], chunk[-1]["sequence"]
                raise OutputError(
                    f"{out}: one of the results {first} to {last} does not fit the columns: {error}; "
                    "export JSON lines, which have no columns"
                ) from error
            count += len(chunk)
    return count


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError(
            f"Parquet needs pyarrow ({error}); pip install 'edgevision[parquet]', or export CSV"
        ) from error
