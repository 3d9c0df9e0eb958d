"""A torch network that finds what is dark, with weights set by hand, and pictures to show it."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import nn

from export.convert import Converted, convert
from export.data.sample import Sample
from export.description import Description
from export.materials import Materials
from export.runners import draft_manifest, model_inputs, segment_step
from export.segmenting import SegmentSubject
from export.sources import FromBytes
from export.work import Facts, Work

__all__ = [
    "LABELS",
    "converted",
    "deployable",
    "described",
    "description_text",
    "fp32_model",
    "fragile_network",
    "held_out",
    "materials",
    "network",
    "subject",
    "write_folder",
    "write_work",
]

LABELS = ("background", "dark")
SIZE_WH = (96, 64)


def network() -> nn.Module:
    """Return three convolutions from mean brightness to the logit of `dark`."""
    return _network(outlier=0.0)


def fragile_network() -> nn.Module:
    """Return the same with a channel of no use but a huge range, which leaves int8 no steps for the rest."""
    return _network(outlier=4000.0)


def _network(outlier: float) -> nn.Module:
    torch.manual_seed(0)
    first, second, last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 2, 1)
    with torch.no_grad():
        for layer in (first, second, last):
            layer.weight.mul_(0.05)
        first.weight[0] = 0
        first.weight[0, :, 1, 1] = -1 / 3
        first.weight[1] = outlier
        second.weight[:, 1] = 0
        second.weight[0] = 0
        second.weight[0, 0, 1, 1] = 1
        last.weight[:] = 0
        last.weight[1, 0] = 40
    for layer, bias in ((first, 0.45), (second, 0.0), (last, 2.0)):
        layer.bias = nn.Parameter(torch.full((layer.out_channels,), 0.001))
        layer.bias.data[0] = bias
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


def described(**changes: object) -> Description:
    """Return what a user would say about the network."""
    fields: dict[str, object] = {
        "schema": "edgevision.model/1",
        "name": "darkness",
        "version": "0.1.0",
        "licence": "Apache-2.0",
        "labels": LABELS,
        "line_like": ("dark",),
        "min_area_px": 8,
        "view": {"size_wh": (64, 64)},
        "output": {"activation": "softmax"},
        "provenance": [{"name": "drawn", "licence": "CC0-1.0", "attribution": "nobody", "use": "tests"}],
    }
    return Description.model_validate(fields | changes)


def description_text() -> str:
    """Return the same as a file."""
    return (
        "schema: edgevision.model/1\nname: darkness\nversion: 0.1.0\nlicence: Apache-2.0\n"
        "labels: [background, dark]\nline_like: [dark]\nmin_area_px: 8\n"
        "view: {size_wh: [64, 64]}\noutput: {activation: softmax}\n"
        "provenance:\n  - {name: drawn, licence: CC0-1.0, attribution: nobody, use: tests}\n"
    )


def deployable() -> nn.Module:
    """Return the network as it is converted: bytes in, probabilities out."""
    return FromBytes(network(), described())


@cache
def converted() -> Converted:
    """Return the network as ONNX, converted once for all tests."""
    description = described()
    step = segment_step(description.view)
    return convert(deployable(), model_inputs(draft_manifest(description), step, held_out(4), limit=6))


def fp32_model() -> onnx.ModelProto:
    """Return a copy of the converted network."""
    return onnx.ModelProto.FromString(converted().model.SerializeToString())


def write_work(folder: Path, fp32: onnx.ModelProto) -> Work:
    """Write what `convert` leaves behind."""
    work, description = Work(folder), described(output={})
    work.write_model("fp32", fp32)
    work.write_facts(Facts(description=description, given=description, source="tests"))
    return work


def held_out(count: int = 12, first: int = 0) -> list[Sample]:
    """Return pictures of 96 x 64 pixels; every other one shows a dark line."""
    return [_sample(index) for index in range(first, first + count)]


def materials() -> Materials[Sample]:
    """Return pictures to calibrate with and others to judge by."""
    return Materials(held_out(8, 100), "drawn, first", held_out(), "drawn, second")


def subject() -> SegmentSubject:
    """Return the network with these pictures, as gate and packing take it."""
    return SegmentSubject(described(output={}), materials())


def write_folder(root: Path) -> Path:
    """Write a labelled folder with the splits train and val, and return it."""
    for folder in ("images", "masks", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for split, samples in (("train", held_out(8, 100)), ("val", held_out())):
        names = "".join(f"{sample.name}\n" for sample in samples)
        (root / "ImageSets/Segmentation" / f"{split}.txt").write_text(names)
        for sample in samples:
            _write(root / "images" / f"{sample.name}.png", sample.image_bgr)
            _write(root / "masks" / f"{sample.name}.png", sample.class_map)
    return root


def _sample(index: int) -> Sample:
    rng = np.random.default_rng(index)
    image = rng.normal(180, 12, (SIZE_WH[1], SIZE_WH[0], 3)).clip(0, 255).astype(np.uint8)
    mask = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.uint8)
    if index % 2:
        x, y = (int(value) for value in rng.integers(5, 45, 2))
        cv2.line(mask, (x, y), (x + 25, y + 8), 1, 3)
        image[mask > 0] = 40
    return Sample(f"part-{index:03d}", image, mask)


def _write(path: Path, image: npt.NDArray[np.uint8]) -> None:
    assert cv2.imwrite(str(path), image)
