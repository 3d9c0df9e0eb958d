"""Which inspections are kept as evidence, and under which names. Pure; writing is done elsewhere.

A name depends on nothing but the inspection, so that the result message can tell it before
anything is written. Names hold a time, so that they sort, and the result id, so that no two are
equal; a part id is reduced to letters, digits, dots and dashes, whatever a scanner read. The part
id itself stands in the record.
"""

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from edgevision.recipe import EvidenceImage
from edgevision.types import Inspection, Judgement

__all__ = ["OVERLAYS", "Exhibit", "Plan"]

OVERLAYS = "overlay"
"""Folder of the overlays, so that whoever reads a folder of originals meets no drawn-on picture."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_PART_MAX = 48
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")
_SUFFIXES = {"png": ".png", "jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """The files of one inspection, relative to the station's folder."""

    folder: PurePosixPath
    """`2026-11-23/NG`."""
    stem: str
    suffix: str
    """Of the original: `.png` or `.jpg`."""

    @property
    def original(self) -> PurePosixPath:
        """The picture as it was inspected."""
        return self.folder / (self.stem + self.suffix)

    @property
    def record(self) -> PurePosixPath:
        """The result message."""
        return self.folder / f"{self.stem}.json"

    @property
    def overlay(self) -> PurePosixPath:
        """The picture with the defects drawn on it."""
        return self.folder / OVERLAYS / f"{self.stem}.jpg"

    @property
    def is_ok(self) -> bool:
        """Whether it shows an OK part."""
        return self.folder.name == Judgement.OK


class Plan:
    """What a station keeps. Safe in many threads."""

    def __init__(self, folder: Path, ok_one_in: int | None) -> None:
        """Keep NG, ND and one in `ok_one_in` OK inspections (none without) in the station's `folder`."""
        self._folder = folder.absolute()
        self._ok_one_in = ok_one_in
        self._images: dict[str, EvidenceImage] = {}

    def learn(self, recipe_sha256: str, image: EvidenceImage) -> None:
        """Note how a recipe wants its images; call before the first inspection by that recipe."""
        self._images[recipe_sha256] = image

    def image(self, inspection: Inspection) -> EvidenceImage:
        """Return how the original of an inspection is kept."""
        return self._images.get(inspection.recipe.sha256, EvidenceImage())

    def keeps(self, inspection: Inspection) -> bool:
        """Whether an inspection is kept: of a frame, and if OK the result id decides, always the same way."""
        if inspection.frame_id is None:
            return False
        if inspection.verdict.judgement is not Judgement.OK:
            return True
        lot = zlib.crc32(inspection.result_id.encode())
        return self._ok_one_in is not None and lot % self._ok_one_in == 0

    def exhibit(self, inspection: Inspection) -> Exhibit:
        """Return the names of an inspection's files. Day and time are UTC, of the capture."""
        moment = _EPOCH + timedelta(microseconds=inspection.wall_ns // 1000)
        part = _safe(inspection.part_id or "")[:_PART_MAX] or "-"
        names = (_safe(inspection.recipe.name), _safe(inspection.result_id))
        stem = "_".join((f"{moment:%H%M%S}.{moment.microsecond // 1000:03}", part, *names))
        folder = PurePosixPath(f"{moment:%Y-%m-%d}", inspection.verdict.judgement.value)
        return Exhibit(folder, stem, _SUFFIXES[self.image(inspection).format])

    def uri(self, inspection: Inspection) -> str:
        """Return where the original will be, as a file:// URI; empty when it is not kept."""
        if not self.keeps(inspection):
            return ""
        return (self._folder / self.exhibit(inspection).original).as_uri()


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name)
