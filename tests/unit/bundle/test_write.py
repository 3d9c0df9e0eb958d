import zipfile
from pathlib import Path

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import write_bundle
from edgevision.errors import ManifestError, OutputError
from tests.bundles import bundle_parts

FIELDS, FILES = bundle_parts((16, 16))
MANIFEST = Manifest.model_validate(FIELDS)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    write_bundle(path, MANIFEST, FILES)
    bundle = open_bundle(path)
    assert bundle.manifest == MANIFEST
    assert {name: bundle.read(name) for name in FILES} == FILES


def test_the_same_content_gives_the_same_bytes_in_any_order_at_any_time(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a.zip", MANIFEST, FILES)
    write_bundle(tmp_path / "b.zip", MANIFEST, dict(reversed(FILES.items())))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["manifest.json", *sorted(FILES)]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_existing_bundle_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(b"old")
    write_bundle(path, MANIFEST, FILES)
    assert open_bundle(path).manifest == MANIFEST
    assert list(tmp_path.iterdir()) == [path]


def test_hashes_that_do_not_fit_the_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="file_hashes"):
        write_bundle(tmp_path / "b.zip", MANIFEST, FILES | {"extra": b""})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write the bundle"):
        write_bundle(tmp_path / "none" / "b.zip", MANIFEST, FILES)
