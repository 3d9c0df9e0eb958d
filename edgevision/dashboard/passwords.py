"""The password file: one `name:hash` a line, hashed with Argon2id. Reading, checking and adding."""

import re
import threading
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edgevision.errors import ConfigError, UsageError
from edgevision.paths import NOTHING, found_at

__all__ = ["Passwords", "add_user"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_MIN_LENGTH = 10
_MAX_LENGTH = 1_000


class Passwords:
    """Users and the hashes of their passwords. Safe in many threads."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ConfigError when it does not serve."""
        self._hasher = PasswordHasher()
        self._hashes = _read(path)
        if not self._hashes:
            raise ConfigError(f"{path}: no user in it; add one with edgevision dashboard-user")
        self._decoy = self._hasher.hash("nobody")
        # One at a time: a check takes tens of megabytes on purpose.
        self._guard = threading.Lock()

    def is_right(self, name: str, password: str) -> bool:
        """Return whether this is the user's password; takes as long for a user that there is not."""
        known = self._hashes.get(name)
        try:
            with self._guard:
                self._hasher.verify(known or self._decoy, password[:_MAX_LENGTH])
        except (VerificationError, InvalidHashError):
            return False
        return known is not None


def add_user(path: Path, name: str, password: str) -> None:
    """Add a user or replace the password; the file is readable for its owner only.

    Raises:
        UsageError: the name or the password cannot be used.
        ConfigError: the file cannot be read or written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"user {name!r}: expected letters, digits and . _ @ -, at most 64")
    if not _MIN_LENGTH <= len(password) <= _MAX_LENGTH:
        raise UsageError(f"the password has {len(password)} characters; expected at least {_MIN_LENGTH}")
    hashes = {} if found_at(path) == NOTHING else _read(path)
    hashes[name] = PasswordHasher().hash(password)
    try:
        path.touch(mode=0o600)
        path.write_text("".join(f"{user}:{value}\n" for user, value in hashes.items()))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}; check path and rights") from error


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the password file cannot be read: {error}") from error
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, colon, value = line.strip().partition(":")
        if not name or name.startswith("#"):
            continue
        if not colon or not _NAME.fullmatch(name) or not value.startswith("$argon2"):
            raise ConfigError(
                f"{path}, line {number}: expected NAME:$argon2id$…; see edgevision dashboard-user"
            )
        hashes[name] = value
    return hashes
