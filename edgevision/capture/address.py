"""What an address means: which kind of source it is, and how it may be shown to people.

Looks at the file system only to tell files from folders; opens nothing.
"""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from edgevision.errors import CaptureError
from edgevision.paths import FILE, FOLDER, NOTHING, found_at
from edgevision.session import HEAD_FILE

__all__ = ["IMAGE_SUFFIXES", "SourceKind", "kind_of", "redacted", "with_password"]

SourceKind = Literal["camera", "url", "video", "folder", "session", "sample"]

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})

_ACCEPTED = (
    "a camera index (0), /dev/v4l/by-id/…, an rtsp:// or http:// URL, a video file, "
    "an image, a folder of images, a recorded session, or sample:SEED"
)
_URL_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECRET_FIELD = re.compile(r"(?i)((?:pass|pwd|pw|token|secret|key|auth|user|login)[a-z0-9]*=)[^&_;/]*")


def kind_of(address: str) -> SourceKind:
    """Return what kind of source the address names; a single image counts as a folder.

    The seed of a sample line is not looked at.

    Raises:
        CaptureError: It names nothing that can be opened; says what is accepted.
    """
    if address.isascii() and address.isdigit():
        return "camera"
    if address.startswith(("/dev/video", "/dev/v4l/")):
        return "camera"
    if address == "sample" or address.startswith("sample:"):
        return "sample"
    if scheme := _SCHEME.match(address):
        return _url(address, scheme[1])
    return _path(address)


def redacted(address: str) -> str:
    """Return the address without user, password and secret query fields.

    A password with an unescaped `/`, `?` or `#` is hidden too, if need be with the host.
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        return address
    rest = address[scheme.end() :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority and "@" not in rest[len(authority) :]:
        rest = "***@" + rest[authority.rindex("@") + 1 :]
    elif "@" in authority or (":" in authority and "@" in rest):
        rest = "***@" + rest[rest.rindex("@") + 1 :]
    return scheme[0] + _SECRET_FIELD.sub(r"\1***", rest)


def with_password(url: str, password: str) -> str:
    """Return the URL with the password of its user replaced.

    Raises:
        CaptureError: The URL names no user.
    """
    parts = urlsplit(url)
    user_info, at, host = parts.netloc.rpartition("@")
    user = user_info.partition(":")[0]
    if not at or not user:
        msg = (
            f"{redacted(url)}: expected a user name in the URL, because url_password_file is set; "
            "write rtsp://USER@HOST/…"
        )
        raise CaptureError(msg)
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def _url(address: str, scheme: str) -> SourceKind:
    shown = redacted(address)
    if scheme.lower() not in _URL_SCHEMES:
        accepted = ", ".join(f"{name}://" for name in sorted(_URL_SCHEMES))
        msg = f"{shown}: expected one of {accepted}, got {scheme}://; for a file give its path"
        raise CaptureError(msg)
    authority = re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0]
    if not authority.rpartition("@")[2]:
        msg = f"{shown}: expected a host after {scheme}://, got none; write {scheme}://HOST/PATH"
        raise CaptureError(msg)
    return "url"


def _path(address: str) -> SourceKind:
    path, found = Path(address), found_at(address) if address else NOTHING
    if found == FOLDER:
        return "session" if found_at(path / HEAD_FILE) == FILE else "folder"
    if found == FILE:
        return "folder" if path.suffix.lower() in IMAGE_SUFFIXES else "video"
    msg = f"{address!r}: expected {_ACCEPTED}; got {found}; check the spelling and the working directory"
    raise CaptureError(msg)
