"""Exhibits on a real disk: whole or not at all, and what a crash leaves."""

import os
from pathlib import Path, PurePosixPath

import pytest

from edgevision.errors import EvidenceError
from edgevision.evidence.folder import FolderDisk
from edgevision.evidence.plan import Exhibit

NG = PurePosixPath("2026-11-23/NG")


def exhibit(stem: str, folder: PurePosixPath = NG) -> Exhibit:
    return Exhibit(folder, stem, ".png")


def write(disk: FolderDisk, one: Exhibit, size_bytes: int = 10) -> None:
    disk.write([(one.record, b"{}"), (one.overlay, b"jpg"), (one.original, b"x" * size_bytes)])


def names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_what_is_written_is_found_again_with_its_size_oldest_first(tmp_path: Path) -> None:
    disk = FolderDisk(tmp_path / "line1")
    for stem, written_s in (("b", 100), ("a", 300), ("c", 200)):
        write(disk, exhibit(stem))
        os.utime(tmp_path / "line1" / exhibit(stem).original, (written_s, written_s))

    found = FolderDisk(tmp_path / "line1").scan()

    assert [(kept.exhibit, kept.size_bytes) for kept in found] == [(exhibit(s), 15) for s in "bca"]


def test_originals_may_be_jpegs_and_are_not_taken_for_overlays(tmp_path: Path) -> None:
    one = Exhibit(NG, "a", ".jpg")
    write(FolderDisk(tmp_path), one)

    assert [kept.exhibit for kept in FolderDisk(tmp_path).scan()] == [one]


def test_deleting_takes_all_files_and_empty_folders(tmp_path: Path) -> None:
    disk = FolderDisk(tmp_path)
    write(disk, exhibit("a"))
    write(disk, exhibit("b"))
    disk.delete(exhibit("a"))
    assert names(tmp_path) == {f"2026-11-23/NG/{name}" for name in ("b.png", "b.json", "overlay/b.jpg")}

    disk.delete(exhibit("b"))
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_removed_and_does_not_count(tmp_path: Path) -> None:
    disk = FolderDisk(tmp_path)
    write(disk, exhibit("whole"))
    folder = tmp_path / NG
    (folder / ".half.png.tmp").write_bytes(b"x" * 99)
    (folder / "overlay" / ".half.jpg.tmp").write_bytes(b"x" * 99)
    (folder / "alone.json").write_bytes(b"{}")
    (folder / "overlay" / "alone.jpg").write_bytes(b"x")

    found = disk.scan()

    assert [(kept.exhibit.stem, kept.size_bytes) for kept in found] == [("whole", 15)]
    assert names(folder) == {"whole.png", "whole.json", "overlay/whole.jpg"}


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    foreign = {"notes.json", "2026-11-23/readme.txt", "2026-11-23/NG/notes.txt", "backup/NG/a.png"}
    for name in foreign:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"mine")

    assert FolderDisk(tmp_path).scan() == []
    assert names(tmp_path) == foreign


def test_an_exhibit_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    disk = FolderDisk(tmp_path)
    one = exhibit("a")
    (tmp_path / one.original).mkdir(parents=True)

    with pytest.raises(EvidenceError, match="check the disk's space and rights"):
        write(disk, one)

    assert names(tmp_path) == set()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(EvidenceError, match="cannot be read"):
        FolderDisk(tmp_path / "file" / "line1").scan()


def test_free_space_is_told_of_a_folder_that_is_made_for_it(tmp_path: Path) -> None:
    assert FolderDisk(tmp_path / "new").free_bytes() > 0
