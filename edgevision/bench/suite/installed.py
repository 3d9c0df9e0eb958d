"""How much disk the device half takes with all that pip brings along, the interpreter left out."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import edgevision

__all__ = ["installed_mb"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRAS = re.compile(r"^[A-Za-z0-9._-]+\s*\[([^\]]*)\]")
_EXTRA_MARKER = re.compile(r"extra\s*==\s*[\"']([^\"']+)[\"']")


def installed_mb(extra: str) -> dict[str, float]:
    """Return the size of edgevision with an extra and of each package below it, in units of 1,000,000 bytes.

    Counted is what the packages brought, without what Python compiled of it. Packages that are not
    installed here, because a marker excludes them, count nothing.
    """
    sizes = {"edgevision": _folder_mb(Path(edgevision.__file__).parent)}
    waiting = list(_below(distribution("edgevision"), {extra}))
    while waiting:
        name, extras = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if name not in sizes:
            sizes[name] = _distribution_mb(found)
            waiting += _below(found, extras)
    return sizes


def _below(found: Distribution, extras: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Give what a package requires: names in one spelling, and the extras asked of them."""
    for text in found.requires or ():
        requirement, _, marker = text.partition(";")
        wanted = _EXTRA_MARKER.search(marker)
        name = _NAME.match(requirement)
        if name is not None and (wanted is None or wanted[1] in extras):
            asked = _EXTRAS.match(requirement)
            canonical = re.sub(r"[-_.]+", "-", name[0]).lower()
            yield canonical, set(asked[1].replace(" ", "").split(",")) if asked else set()


def _distribution_mb(found: Distribution) -> float:
    paths = (Path(str(file.locate())) for file in found.files or () if file.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def _folder_mb(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sum(path.stat().st_size for path in files) / 1e6
