"""Drawn pictures of dark squares and bright bars with their boxes, as samples and as folders."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from export.detect.sample import BoxSample

__all__ = ["LABELS", "box_samples", "write_picture", "write_voc", "xml_of"]

LABELS = ("square", "bar")
SIZE_WH = (96, 64)


def box_samples(count: int = 8, first: int = 0) -> list[BoxSample]:
    """Return pictures of 96 x 64 pixels; the even ones show a square, every third a bar."""
    return [_sample(index) for index in range(first, first + count)]


def _sample(index: int) -> BoxSample:
    rng = np.random.default_rng(index)
    reference = rng.normal(128, 6, (SIZE_WH[1], SIZE_WH[0], 3)).clip(0, 255).astype(np.uint8)
    reference[28:36, 8:88] = 90
    image = reference.copy()
    boxes, ids = [], []
    if index % 2 == 0:
        x, y = int(rng.integers(4, 36)), int(rng.integers(4, 40))
        image[y : y + 16, x : x + 16] = 20
        boxes.append((x, y, x + 16, y + 16))
        ids.append(0)
    if index % 3 == 0:
        x, y = int(rng.integers(52, 64)), int(rng.integers(4, 48))
        image[y : y + 10, x : x + 24] = 235
        boxes.append((x, y, x + 24, y + 10))
        ids.append(1)
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return BoxSample(
        f"p{index:03d}", image, corners, np.array(ids, np.int64), np.zeros(len(ids), np.bool_), reference
    )


def write_voc(root: Path) -> Path:
    """Write the splits train and val as a VOC folder with templates, and return it."""
    for folder in ("JPEGImages", "templates", "Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    for split, samples in (("train", box_samples(12, 100)), ("val", box_samples(12))):
        names = "".join(f"{sample.name}\n" for sample in samples)
        (root / "ImageSets/Main" / f"{split}.txt").write_text(names)
        for sample in samples:
            assert sample.reference_bgr is not None
            write_picture(root / "JPEGImages" / f"{sample.name}.png", sample.image_bgr)
            write_picture(root / "templates" / f"{sample.name}.png", sample.reference_bgr)
            boxes = zip(sample.class_ids.tolist(), sample.boxes_xyxy.astype(int).tolist(), strict=True)
            text = xml_of([(LABELS[class_id], box) for class_id, box in boxes])
            (root / "Annotations" / f"{sample.name}.xml").write_text(text)
    return root


def xml_of(objects: list[tuple[str, list[int]]]) -> str:
    """Return an annotation; each object takes one line, the first in line 2."""
    corners = ("xmin", "ymin", "xmax", "ymax")
    lines = ["<annotation>"]
    for label, box in objects:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in zip(corners, box, strict=True))
        lines.append(f"<object><name>{label}</name><bndbox>{inner}</bndbox></object>")
    return "\n".join([*lines, "</annotation>\n"])


def write_picture(path: Path, image: npt.NDArray[np.uint8]) -> None:
    """Write a picture file."""
    assert cv2.imwrite(str(path), image)
