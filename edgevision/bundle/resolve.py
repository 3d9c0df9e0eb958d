"""Finds the file behind a recipe's `bundle:` entry. Does not open it."""

from importlib.resources import files
from pathlib import Path

from edgevision.errors import BundleError
from edgevision.paths import FILE, found_at

__all__ = ["builtin_names", "find_bundle"]

_BUILTIN = "builtin:"


def find_bundle(reference: str, base_dir: Path) -> Path:
    """Return the path of `builtin:NAME`, or of a file relative to `base_dir`.

    Raises:
        BundleError: there is no such file.
    """
    if reference.startswith(_BUILTIN):
        return _builtin(reference.removeprefix(_BUILTIN))
    path = base_dir / Path(reference).expanduser()
    if (found := found_at(path)) != FILE:
        raise BundleError(f"bundle {reference}: expected a file at {path}, found {found}; correct the path")
    return path


def builtin_names() -> list[str]:
    """Return the names of the bundles shipped with this package."""
    return sorted(path.stem for path in _folder().glob("*.zip"))


def _builtin(name: str) -> Path:
    if name not in builtin_names():
        known = ", ".join(builtin_names()) or "none"
        raise BundleError(f"bundle {_BUILTIN}{name}: not shipped with edgevision; known: {known}")
    return _folder() / f"{name}.zip"


def _folder() -> Path:
    return Path(str(files("edgevision"))) / "bundles"
