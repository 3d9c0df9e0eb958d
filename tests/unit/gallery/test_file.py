import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cryptography.fernet import Fernet

from edgevision.errors import ConfigError, GalleryError
from edgevision.gallery.content import Enrolled, Gallery
from edgevision.gallery.file import GalleryFile
from edgevision.gallery.sealed import credential_path

SHA = "ab" * 32
ROW = np.array([[0.6, 0.8]], np.float32)


def enrolled(name: str, gallery: Gallery | None = None) -> Gallery:
    gallery = gallery or Gallery.empty(SHA, 2)
    return gallery.added((Enrolled(name, "2026", b"image of " + name.encode()),), ROW)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "gallery.key"
    path.write_bytes(Fernet.generate_key() + b"\n")
    return path


def test_there_is_none_before_the_first_change(tmp_path: Path) -> None:
    assert GalleryFile(tmp_path / "no" / "g.gallery").read() is None


def test_a_change_is_read_by_others_and_only_its_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "galleries" / "g.gallery"
    GalleryFile(path).change(lambda old: enrolled("anna", old))
    GalleryFile(path).change(lambda old: enrolled("bo", old))

    gallery = GalleryFile(path).read()
    assert gallery is not None
    assert gallery.counts == {"anna": 1, "bo": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_rights_that_were_given_stay(tmp_path: Path) -> None:
    path = tmp_path / "g.gallery"
    GalleryFile(path).change(lambda old: enrolled("anna", old))
    path.chmod(0o640)
    GalleryFile(path).change(lambda old: enrolled("bo", old))

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_who_is_removed_is_in_no_file_of_the_folder_even_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "g.gallery"
    file = GalleryFile(path)
    file.change(lambda old: enrolled("anna", enrolled("bo", old)))
    (tmp_path / ".g.gallery.left").write_bytes(path.read_bytes())  # What a killed process leaves.

    file.change(lambda old: (old or enrolled("x")).without("anna"))

    assert [found.name for found in tmp_path.iterdir()] == ["g.gallery"]
    assert b"anna" not in path.read_bytes()


def test_a_change_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file = GalleryFile(tmp_path / "g.gallery")
    file.change(lambda old: enrolled("anna", old))
    before = file.path.read_bytes()

    with pytest.raises(GalleryError):
        file.change(lambda old: (old or enrolled("x")).without("nobody"))

    assert file.path.read_bytes() == before


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    def add(number: int) -> None:
        GalleryFile(tmp_path / "g.gallery").change(lambda old: enrolled(f"p{number}", old))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))

    gallery = GalleryFile(tmp_path / "g.gallery").read()
    assert gallery is not None
    assert len(gallery.counts) == 24


def test_an_encrypted_gallery_shows_nothing_and_is_read_with_its_key(tmp_path: Path, key: Path) -> None:
    file = GalleryFile(tmp_path / "g.gallery", key)
    file.change(lambda old: enrolled("anna", old))

    gallery = file.read()
    assert gallery is not None
    assert gallery.counts == {"anna": 1}
    data = file.path.read_bytes()
    assert b"anna" not in data
    assert SHA.encode() not in data


def test_the_wrong_key_no_key_and_a_key_too_many_are_told_apart(tmp_path: Path, key: Path) -> None:
    sealed, plain, other = tmp_path / "s.gallery", tmp_path / "p.gallery", tmp_path / "other.key"
    GalleryFile(sealed, key).change(lambda old: enrolled("anna", old))
    GalleryFile(plain).change(lambda old: enrolled("anna", old))
    other.write_bytes(Fernet.generate_key())

    with pytest.raises(GalleryError, match="cannot be decrypted with the key"):
        GalleryFile(sealed, other).read()
    with pytest.raises(GalleryError, match="is encrypted; give gallery_key_file"):
        GalleryFile(sealed).read()
    with pytest.raises(GalleryError, match="expected an encrypted gallery"):
        GalleryFile(plain, key).read()


def test_a_key_that_is_none_is_refused(tmp_path: Path, key: Path) -> None:
    key.write_text("secret")
    with pytest.raises(ConfigError, match="expected 32 bytes in URL-safe base64"):
        GalleryFile(tmp_path / "g.gallery", key).change(lambda old: enrolled("anna", old))
    with pytest.raises(ConfigError, match="cannot be read"):
        GalleryFile(tmp_path / "g.gallery", tmp_path / "no").change(lambda old: enrolled("anna", old))
    assert not (tmp_path / "g.gallery").exists()


def test_a_credential_is_where_systemd_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match="LoadCredential="):
        credential_path("key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert credential_path("key") == tmp_path / "key"
