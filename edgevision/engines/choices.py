"""Remembers measured choices in one JSON file of the cache folder.

A file that is damaged, or of a newer version, costs a measurement at the next start, and a warning.
"""

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from edgevision.bundle.manifest import Precision
from edgevision.engines.spec import EngineName, ProviderName
from edgevision.errors import OutputError

__all__ = ["ChoiceFile", "Measurement", "default_cache_dir"]

_KEPT = 64
_READABLE = 0o644
"""For a station, whose user is not the one that tuned it."""
_log = logging.getLogger(__name__)


class Measurement(BaseModel):
    """How one candidate came out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: EngineName
    provider: ProviderName
    """As asked."""
    precision: Precision
    threads: int = 0
    streams: int = 0
    """Both are 0 in what older versions kept."""
    provider_used: str = ""
    median_ms: float | None = None
    """Of one call; of several at the same time, the time of all divided by their number. None when the
    candidate was excluded."""
    excluded: str = ""
    """Why."""


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    choices: dict[str, tuple[Measurement, ...]] = {}


def default_cache_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return systemd's CacheDirectory, or `edgevision` in the user's cache folder."""
    if given := environment.get("CACHE_DIRECTORY"):
        return Path(given.partition(":")[0])
    if given := environment.get("XDG_CACHE_HOME"):
        return Path(given) / "edgevision"
    return Path(environment.get("HOME", "/")) / ".cache" / "edgevision"


class ChoiceFile:
    """The measurements of earlier starts, by key."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / "engines.json"

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._path

    def read(self, key: str) -> tuple[Measurement, ...]:
        """Return the measurements kept under `key`; empty when there are none."""
        return self._load().choices.get(key, ())

    def write(self, key: str, measurements: tuple[Measurement, ...]) -> None:
        """Keep measurements; the file is replaced in one step. Raises OutputError."""
        choices = self._load().choices
        choices.pop(key, None)
        newest = [*choices.items(), (key, measurements)][-_KEPT:]
        text = _Stored(choices=dict(newest)).model_dump_json(indent=2)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._path, text)
        except OSError as error:
            raise OutputError(
                f"{self._path}: the measured engine choice is not remembered ({error.strerror}) and is "
                "measured again at each start; make the folder writable, or set engine.cache_dir"
            ) from error

    def _load(self) -> _Stored:
        try:
            return _Stored.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _Stored()
        except OSError as error:
            _log.warning("%s: ignored, it cannot be read (%s)", self._path, error.strerror)
        except ValidationError as error:
            _log.warning("%s: ignored, it is damaged or of another version (%s)", self._path, _first(error))
        return _Stored()


def _first(error: ValidationError) -> str:
    """Return the first of what may be hundreds of problems, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w") as stream:
            os.fchmod(descriptor, _READABLE)
            stream.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
