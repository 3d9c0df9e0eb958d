"""Encryption of galleries at rest, by Fernet of the package cryptography: AES-128-CBC with HMAC-SHA256.

The key comes from a file or a systemd credential and is read each time.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgevision.errors import ConfigError, GalleryError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

__all__ = ["SEALED_MAGIC", "credential_path", "open_sealed", "seal"]

SEALED_MAGIC: Final = b"edgevision.gallery.sealed/1\n"


def credential_path(name: str) -> Path:
    """Return where systemd puts a credential; raises ConfigError outside of it."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        raise ConfigError(
            f"gallery_key_credential {name}: there is no $CREDENTIALS_DIRECTORY; start under systemd with "
            "LoadCredential=, or use gallery_key_file"
        )
    return Path(folder) / name


def seal(data: bytes, key_file: Path) -> bytes:
    """Return encrypted bytes; raises ConfigError for a key that does not serve."""
    return SEALED_MAGIC + _fernet(key_file).encrypt(data)


def open_sealed(data: bytes, key_file: Path, source: str) -> bytes:
    """Return what was sealed.

    Raises:
        GalleryError: it was sealed with another key, or changed since.
        ConfigError: the key does not serve.
    """
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - optional

    fernet = _fernet(key_file)
    try:
        return fernet.decrypt(data.removeprefix(SEALED_MAGIC))
    except InvalidToken as error:
        raise GalleryError(
            f"{source}: cannot be decrypted with the key {key_file}; give the key it was sealed with, or "
            "restore it from a backup"
        ) from error


def _fernet(key_file: Path) -> "Fernet":
    try:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError(
            "an encrypted gallery needs the package cryptography; install edgevision[gallery]"
        ) from error
    try:
        return Fernet(key_file.read_bytes().strip())
    except OSError as error:
        raise ConfigError(
            f"gallery key {key_file}: cannot be read: {error.strerror}; check path and rights"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"gallery key {key_file}: expected 32 bytes in URL-safe base64; make one with `python -c 'from "
            "cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`"
        ) from error
