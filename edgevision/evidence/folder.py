"""Exhibits in a folder of the disk: whole files or none, and what a crash left is cleared away.

Each file is written beside its place, synced, and renamed. Record and overlay come first, so an
exhibit is complete when its original is there; files without one are what a crash left.
"""

import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from edgevision.errors import EvidenceError
from edgevision.evidence.plan import OVERLAYS, Exhibit
from edgevision.evidence.shelf import Kept
from edgevision.types import Judgement

__all__ = ["FolderDisk"]

_log = logging.getLogger(__name__)

_TEMPORARY = ".tmp"
_ORIGINALS = (".png", ".jpg")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class FolderDisk:
    """The `Disk` below one folder, which it makes where it is missing. Leaves foreign files alone."""

    def __init__(self, root: Path) -> None:
        """Touch nothing yet."""
        self._root = root

    def scan(self) -> list[Kept]:
        """Return every complete exhibit, oldest first by when it was written; see `Disk.scan`."""
        with self._translated("read"):
            self._root.mkdir(parents=True, exist_ok=True)
            found: list[tuple[int, str, Kept]] = []
            for day in sorted(self._root.iterdir()):
                if _DAY.fullmatch(day.name) and day.is_dir():
                    for judgement in Judgement:
                        found += self._exhibits_in(day / judgement)
        return [kept for _, _, kept in sorted(found, key=lambda each: each[:2])]

    def write(self, files: Sequence[tuple[PurePosixPath, bytes]]) -> None:
        """Write the files of an exhibit; see `Disk.write`."""
        written: list[Path] = []
        with self._translated("written"):
            try:
                for name, content in files:
                    path = self._root / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _write_whole(path, content)
                    written.append(path)
                for folder in {path.parent for path in written}:
                    _sync_folder(folder)
            except OSError:
                _discard(written)
                raise

    def delete(self, exhibit: Exhibit) -> None:
        """Delete the original first: what is left after a crash is cleared away at the next start."""
        with self._translated("deleted"):
            for name in (exhibit.original, exhibit.record, exhibit.overlay):
                (self._root / name).unlink(missing_ok=True)
        folder = self._root / exhibit.folder
        with suppress(OSError):  # Not empty yet.
            (folder / OVERLAYS).rmdir()
        with suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()

    def free_bytes(self) -> int:
        """Return what a process without privileges may still write."""
        with self._translated("read"):
            self._root.mkdir(parents=True, exist_ok=True)
            state = os.statvfs(self._root)
        return state.f_bavail * state.f_frsize

    def _exhibits_in(self, folder: Path) -> Iterator[tuple[int, str, Kept]]:
        files = _files_in(folder)
        overlays = _files_in(folder / OVERLAYS)
        originals = {path.stem: path for path in files if path.suffix in _ORIGINALS}
        _discard([path for path in (*files, *overlays) if _is_left_over(path, originals)])
        relative = PurePosixPath(folder.relative_to(self._root))
        for stem, path in originals.items():
            exhibit = Exhibit(relative, stem, path.suffix)
            record, overlay = folder / f"{stem}.json", folder / OVERLAYS / f"{stem}.jpg"
            parts = [files[path], files.get(record), overlays.get(overlay)]
            size_bytes = sum(part.st_size for part in parts if part is not None)
            yield files[path].st_mtime_ns, stem, Kept(exhibit, size_bytes)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EvidenceError(
                f"{self._root}: evidence cannot be {what}: {error.strerror or error}; "
                "check the disk's space and rights"
            ) from error


def _files_in(folder: Path) -> dict[Path, os.stat_result]:
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {Path(entry.path): entry.stat() for entry in entries if entry.is_file(follow_symlinks=False)}


def _is_left_over(path: Path, originals: dict[str, Path]) -> bool:
    if path.name.startswith(".") and path.suffix == _TEMPORARY:
        return True
    is_companion = path.suffix == ".json" or path.parent.name == OVERLAYS
    return is_companion and path.stem not in originals


def _write_whole(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}{_TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        _discard([temporary])
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(paths: Sequence[Path]) -> None:
    """Remove files that are of no use; what cannot be removed is tried again at the next start."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: cannot be removed: %s", path, error.strerror)
