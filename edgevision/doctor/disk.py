"""Whether there is room for ledger and evidence, and whether this process may write there."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgevision.config.evidence import EvidenceSettings
from edgevision.config.station import Station
from edgevision.doctor.findings import Examination, Finding, failed, fine, warned
from edgevision.paths import DENIED, FILE, FOLDER, NOTHING, found_at

__all__ = ["check_disk"]

_PROBE_BYTES = 65536
_LEDGER_SCARCE_BYTES = 100_000_000
_LEDGER_LOW_BYTES = 1_000_000_000
_FREE = "free space, or give the station another disk"


def check_disk(station: Station) -> Examination:
    """Look at every place that the station writes to."""
    if station.ledger is None and station.evidence is None:
        yield fine("disk", "this station keeps nothing on the disk")
    if station.ledger is not None:
        yield from _check_ledger_place(station.ledger.path)
    if station.evidence is not None:
        yield from _check_evidence_place(station.evidence, station.station)
    if station.engine.cache_dir is not None:
        yield _writing("disk.cache", station.engine.cache_dir) or fine(
            "disk.cache", f"{station.engine.cache_dir} can be written"
        )


def _check_ledger_place(path: Path) -> Iterator[Finding]:
    folder = Path(os.path.realpath(path)).parent
    if (found := found_at(folder)) != FOLDER:
        yield failed(
            "disk.ledger", f"{folder}: expected a folder, found {found}", "make it, or correct ledger.path"
        )
    elif problem := _writing("disk.ledger", folder):
        yield problem
    elif found_at(path) == FILE and not os.access(path, os.W_OK):
        remedy = "give it to the user that the station runs as"
        yield failed("disk.ledger", f"{path}: this user may not write it", remedy)
    else:
        free_bytes = _free_bytes(folder)
        text = f"{folder}: {_gb(free_bytes)} free"
        if free_bytes < _LEDGER_SCARCE_BYTES:
            yield failed("disk.ledger", text, _FREE)
        elif free_bytes < _LEDGER_LOW_BYTES:
            yield warned("disk.ledger", text, _FREE)
        else:
            yield fine("disk.ledger", text)


def _check_evidence_place(settings: EvidenceSettings, station: str) -> Iterator[Finding]:
    if problem := _writing("disk.evidence", settings.folder / station):
        yield problem
        return
    free_bytes = _free_bytes(_existing(settings.folder))
    floor_bytes, budget_bytes = round(settings.min_free_gb * 1e9), round(settings.budget_gb * 1e9)
    room_bytes = free_bytes - floor_bytes + _size_bytes(settings.folder / station)
    text = f"{settings.folder}: {_gb(free_bytes)} free"
    if free_bytes < floor_bytes:
        text += f", less than the {settings.min_free_gb:g} GB that are to stay free"
        yield failed("disk.evidence", text, _FREE)
    elif room_bytes < budget_bytes:
        remedy = "lower evidence.budget_gb or free space; until then the floor decides what is deleted"
        budget = f"{text}, room for {_gb(room_bytes)} of the budget of {settings.budget_gb:g} GB"
        yield warned("disk.evidence", budget, remedy)
    else:
        yield fine("disk.evidence", f"{text}, enough for the budget of {settings.budget_gb:g} GB")


def _writing(name: str, folder: Path) -> Finding | None:
    """Write a file that is gone afterwards, in the folder or where it would be made."""
    place = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"\0" * _PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        remedy = "check the disk and give the folder to the user that the station runs as"
        return failed(name, f"{place} cannot be written: {error.strerror or error}", remedy)
    return None


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there and that this user can see."""
    return next(each for each in (folder, *folder.parents) if found_at(each) not in (NOTHING, DENIED))


def _free_bytes(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def _size_bytes(folder: Path) -> int:
    return sum(_file_bytes(Path(place, name)) for place, _, names in os.walk(folder) for name in names)


def _file_bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:  # Deleted meanwhile by a station that runs.
        return 0


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
