"""Reads labelled boxes in the folder layout of PASCAL VOC.

    ROOT/ImageSets/Main/SPLIT.txt             one NAME per line
    ROOT/Annotations/NAME.xml                 one <object> per box
    ROOT/JPEGImages/NAME.jpg (or images/; .jpeg, .png, .bmp)
    ROOT/templates/NAME.png                   the same place without defects, for pair models

Entities in the XML are refused, so that a file cannot blow up or name other files.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

from edgevision.errors import UsageError
from export.detect.sample import Box, BoxProblem, BoxSet, Entry, checked_entry

__all__ = ["read_voc", "voc_labels"]

_IMAGE_FOLDERS = ("JPEGImages", "images")
_REFERENCE_FOLDERS = ("templates",)
_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_voc(root: Path, split: str, labels: Sequence[str], *, pairs: bool = False) -> BoxSet:
    """Read one split; what cannot be used is left out and listed in the set's `problems`.

    Args:
        root: The folder.
        split: Name of a list under `ImageSets/Main`.
        labels: The classes to detect.
        pairs: Whether each picture needs its reference.

    Raises:
        UsageError: there is no such list.
    """
    entries: list[Entry] = []
    problems: list[BoxProblem] = []
    for name in _names(root, split):
        entry, found = _entry(root, name, labels, pairs=pairs)
        problems += found
        if entry is not None:
            entries.append(entry)
    return BoxSet(f"{root.name}, split {split}", labels, entries, problems)


def voc_labels(root: Path, split: str) -> tuple[str, ...]:
    """Return the class names that a split's annotations use, sorted. Raises UsageError."""
    labels = set[str]()
    for name in _names(root, split):
        objects = _objects(root / "Annotations" / f"{name}.xml")
        if not isinstance(objects, BoxProblem):
            labels |= {box.label for box in objects if isinstance(box, Box)}
    return tuple(sorted(labels))


def _names(root: Path, split: str) -> list[str]:
    file = root / "ImageSets" / "Main" / f"{split}.txt"
    try:
        names = [line.split()[0] for line in file.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: expected a list of picture names, got {error}; check --data") from error
    if not names:
        raise UsageError(f"{file}: expected one picture name per line, got an empty file")
    return names


def _entry(
    root: Path, name: str, labels: Sequence[str], *, pairs: bool
) -> tuple[Entry | None, list[BoxProblem]]:
    annotations = root / "Annotations" / f"{name}.xml"
    image = _find(root, _IMAGE_FOLDERS, name)
    reference = _find(root, _REFERENCE_FOLDERS, name) if pairs else None
    if image is None:
        return None, [BoxProblem(root / _IMAGE_FOLDERS[0] / name, None, "no such picture")]
    if pairs and reference is None:
        return None, [BoxProblem(image, None, f"no reference picture in {_REFERENCE_FOLDERS[0]}/")]
    read = _objects(annotations)
    if isinstance(read, BoxProblem):
        return None, [read]
    boxes = [item for item in read if isinstance(item, Box)]
    entry, problems = checked_entry(name, (annotations, image, reference), boxes, labels)
    return entry, [item for item in read if isinstance(item, BoxProblem)] + problems


def _find(root: Path, folders: Sequence[str], name: str) -> Path | None:
    candidates = (root / folder / f"{name}{suffix}" for folder in folders for suffix in _SUFFIXES)
    return next((file for file in candidates if file.is_file()), None)


class _EntityError(Exception):
    """The XML declares an entity."""


class _Reader:
    """Collects the objects of one annotation with the lines they begin in."""

    def __init__(self) -> None:
        self.objects: list[tuple[int, dict[str, str]]] = []
        self._path: list[str] = []
        self._text = ""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse

    @property
    def line(self) -> int:
        """Return the line that is being read."""
        return self._parser.CurrentLineNumber

    def read(self, data: bytes) -> None:
        """Read a whole file."""
        self._parser.Parse(data, True)

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._path.append(tag)
        self._text = ""
        if self._path[1:] == ["object"]:
            self.objects.append((self.line, {}))

    def _end(self, tag: str) -> None:
        inside = self._path[1:]
        if inside[:1] == ["object"] and inside[1:] in ([tag], ["bndbox", tag]):
            self.objects[-1][1][tag] = self._text.strip()
        self._path.pop()

    def _characters(self, text: str) -> None:
        self._text += text

    def _refuse(self, *_declaration: object) -> None:
        raise _EntityError


def _objects(file: Path) -> list[Box | BoxProblem] | BoxProblem:
    """Return the boxes of a file and what is wrong with some; only a problem when it is of no use."""
    reader = _Reader()
    try:
        reader.read(file.read_bytes())
    except OSError as error:
        return BoxProblem(file, None, f"cannot be read: {error.strerror}; the picture is left out")
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        return BoxProblem(file, error.lineno, f"broken XML: {reason}; the picture is left out")
    except _EntityError:
        return BoxProblem(file, reader.line, "declares an entity, which is refused; the picture is left out")
    return [_box(file, line, values) for line, values in reader.objects]


def _box(file: Path, line: int, values: dict[str, str]) -> Box | BoxProblem:
    try:
        left, top, right, bottom = (float(values[corner]) for corner in _CORNERS)
    except (KeyError, ValueError):
        given = ", ".join(f"{corner} {values.get(corner, 'missing')}" for corner in _CORNERS)
        return BoxProblem(file, line, f"expected four numbers in bndbox, got {given}; the box is left out")
    difficult = values.get("difficult", "0") not in ("0", "")
    return Box(values.get("name", ""), (left, top, right, bottom), line, difficult)
