"""Whom an embedder is judged by: a gallery, probes of those in it, and probes of others.

A person or a part variant is an identity here; each picture says where in it the identity is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from edgevision.capture.sample import render_part, variant_name
from edgevision.errors import UsageError
from edgevision.types import ImageBgr
from export.detect.line import mark_box
from export.embed.faces import DrawnFaces

__all__ = [
    "ENROLLED",
    "FIRST_UNSEEN",
    "Cast",
    "Portrait",
    "cast_of_faces",
    "cast_of_folder",
    "cast_of_line",
    "cast_of_pictures",
]

ENROLLED = 3
"""Pictures of each identity in the gallery."""
_PROBES = 3
FIRST_UNSEEN = 500_000
"""Variants from here on are for measuring only; trainings draw from below."""
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture of an identity."""

    name: str
    identity: str
    image_bgr: ImageBgr
    box_xyxy: Box
    """Where; in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """All that a measurement needs."""

    description: str
    gallery: Sequence[Portrait]
    probes: Sequence[Portrait]
    """Of identities in the gallery first, then of others."""

    @property
    def enrolled(self) -> frozenset[str]:
        """Return who is in the gallery."""
        return frozenset(portrait.identity for portrait in self.gallery)


def cast_of_line(seed: int, identities: int, unknown: int, first_variant: int = FIRST_UNSEEN) -> Cast:
    """Render parts of variants that no training shows, each picture another part.

    Args:
        seed: Of the line.
        identities: How many to enrol, by three pictures; as many probe.
        unknown: How many further variants probe once.
        first_variant: The enrolled ones count from here, the unknown come behind.
    """
    indices = iter(range(10**9))
    known = [first_variant + number for number in range(identities)]
    others = [first_variant + identities + number for number in range(unknown)]
    gallery = [_part(seed, indices, variant) for variant in known for _ in range(ENROLLED)]
    probes = [_part(seed, indices, variant) for variant in known for _ in range(_PROBES)]
    probes += [_part(seed, indices, variant) for variant in others]
    text = (
        f"sample line, seed {seed}: {identities} variants enrolled by {ENROLLED} pictures, {unknown} others"
    )
    return Cast(text, gallery, probes)


def _part(seed: int, indices: Iterator[int], variant_id: int) -> Portrait:
    index = next(indices)
    frame = render_part(seed, index, variant_id=variant_id)
    box = mark_box(frame)
    assert box is not None
    return Portrait(f"part-{index:06d}", variant_name(variant_id), frame.image_bgr, box)


def cast_of_faces(side_px: int, first: int, identities: int, unknown: int) -> Cast:
    """Draw faces numbered from `first` on, three to enrol and three to probe of each, and others."""
    faces, rng = DrawnFaces(side_px), np.random.default_rng(first)

    def drawn(number: int) -> Portrait:
        grey = faces.draw(rng, np.array([number])).images[0]
        image = np.repeat(grey, 3, axis=2)
        return Portrait(f"face-{number}", f"face-{number}", image, (0, 0, side_px, side_px))

    known = range(first, first + identities)
    gallery = [drawn(number) for number in known for _ in range(ENROLLED)]
    probes = [drawn(number) for number in known for _ in range(_PROBES)]
    probes += [drawn(number) for number in range(first + identities, first + identities + unknown)]
    return Cast(f"drawn faces: {identities} enrolled by {ENROLLED}, {unknown} others", gallery, probes)


def cast_of_folder(folder: Path) -> Cast:
    """Read DIR/NAME/*.jpg, crops of one identity in each folder.

    Of each identity half its pictures are enrolled and half probe; every fourth identity stays unknown.
    Raises UsageError.
    """
    names = sorted(part for part in folder.glob("*") if part.is_dir())
    portraits = [[_read(file) for file in _pictures(name)] for name in names]
    usable = [of_one for of_one in portraits if len(of_one) > 1]
    if len(usable) < 4:
        raise UsageError(
            f"{folder}: expected a folder for each of at least 4 identities with at least 2 pictures, got "
            f"{len(usable)}; check --data"
        )
    others = usable[3::4]
    known = [of_one for index, of_one in enumerate(usable) if index % 4 != 3]
    gallery = [one for of_one in known for one in of_one[::2]]
    probes = [one for of_one in known for one in of_one[1::2]] + [one for of_one in others for one in of_one]
    return Cast(f"{folder.name}: {len(known)} identities enrolled, {len(others)} others", gallery, probes)


def cast_of_pictures(gallery: Path, probes: Path, unknown: Path) -> Cast:
    """Read three folders of pictures named by identity, NAME.jpg; `unknown` holds those not enrolled.

    Raises UsageError.
    """
    enrolled, known, others = (
        [replace(one, identity=Path(one.name).stem) for one in map(_read, _pictures(folder))]
        for folder in (gallery, probes, unknown)
    )
    names = {one.identity for one in enrolled}
    known = [one for one in known if one.identity in names]
    others = [replace(one, identity=f"{one.identity}, not enrolled") for one in others]
    if not enrolled or not known or not others:
        raise UsageError(
            f"{gallery}, {probes}, {unknown}: expected pictures NAME.jpg in each, the same names "
            f"in the first two, got {len(enrolled)}, {len(known)} and {len(others)}"
        )
    text = f"{gallery.parent.name}: {len(enrolled)} enrolled by {gallery.name}"
    return Cast(
        f"{text}, {len(known)} probes of {probes.name}, {len(others)} others", enrolled, [*known, *others]
    )


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if file.suffix.lower() in _SUFFIXES)


def _read(file: Path) -> Portrait:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"{file}: expected a picture, cannot decode it; remove or replace it")
    height, width = image.shape[:2]
    return Portrait(
        f"{file.parent.name}/{file.name}",
        file.parent.name,
        np.asarray(image, np.uint8),
        (0, 0, width, height),
    )
