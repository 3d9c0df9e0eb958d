"""One gallery in one file: read whole, written whole or not at all, changed by one process at a time.

A file is replaced, never edited, so that whoever is removed is in no part of it. What a crash left
half-written is deleted by the next change.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from edgevision.errors import GalleryError
from edgevision.gallery.content import Gallery
from edgevision.gallery.format import pack, unpack
from edgevision.gallery.sealed import SEALED_MAGIC, open_sealed, seal

__all__ = ["GalleryFile"]

_MODE = 0o600
_MAX_BYTES = 1 << 32


class GalleryFile:
    """A gallery on the disk."""

    def __init__(self, path: Path, key_file: Path | None = None) -> None:
        """Read nothing yet; with a key the file is encrypted."""
        self.path, self._key_file = path, key_file

    def read(self) -> Gallery | None:
        """Return the gallery, None where there is no such file.

        Raises:
            GalleryError: the file cannot be read, is damaged, or is encrypted and no key was given.
            ConfigError: the key does not serve.
        """
        try:
            if self.path.stat().st_size > _MAX_BYTES:
                raise GalleryError(f"{self.path}: expected at most {_MAX_BYTES >> 30} GiB; check the path")
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GalleryError(f"{self.path}: cannot be read: {error.strerror}; check the rights") from error
        return unpack(self._opened(data), str(self.path))

    def change(self, change: Callable[[Gallery | None], Gallery]) -> Gallery:
        """Replace the file by what `change` makes of its gallery, and return that.

        Raises:
            GalleryError: the file cannot be read or written.
            ConfigError: the key does not serve.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                changed = change(self.read())
                data = pack(changed)
                self._replace(data if self._key_file is None else seal(data, self._key_file))
        except OSError as error:
            raise GalleryError(
                f"{self.path}: cannot be written: {error}; check the folder, its rights and space"
            ) from error
        return changed

    def _opened(self, data: bytes) -> bytes:
        is_sealed = data.startswith(SEALED_MAGIC)
        if is_sealed and self._key_file is None:
            raise GalleryError(
                f"{self.path}: is encrypted; give gallery_key_file or gallery_key_credential in the recipe"
            )
        if self._key_file is None:
            return data
        if not is_sealed:
            raise GalleryError(
                f"{self.path}: expected an encrypted gallery, as the recipe names a key; got a plain file or "
                "something else; enrol again under another name"
            )
        return open_sealed(data, self._key_file, str(self.path))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _replace(self, data: bytes) -> None:
        prefix = f".{self.path.name}."
        for left_over in self.path.parent.glob(f"{prefix}*"):
            left_over.unlink(missing_ok=True)
        mode = self.path.stat().st_mode & 0o777 if self.path.exists() else _MODE
        descriptor, name = tempfile.mkstemp(prefix=prefix, dir=self.path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(mode)
            temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
