"""Builds detectors, and lays out the priors that belong to them."""

from collections.abc import Sequence

from edgevision.bundle.detectspec import PriorMap
from export.networks.detector_spec import DetectorSpec
from export.networks.ssd300 import Ssd300, ssd300_prior_maps
from export.networks.ssdlite import SsdLite

__all__ = ["Detector", "PriorSizes", "build_detector", "prior_maps"]

Detector = SsdLite | Ssd300
PriorSizes = Sequence[Sequence[tuple[float, float]]]
"""(width, height) of the priors of each map, in pixels of the model's input."""


def build_detector(spec: DetectorSpec, sizes: PriorSizes, input_wh: tuple[int, int]) -> Detector:
    """Build the network of a spec, with fresh random weights; SSD300 has its own sizes."""
    if spec.kind == "ssd300-vgg16":
        return Ssd300(spec, input_wh)
    return SsdLite(spec, tuple(len(of_map) for of_map in sizes))


def prior_maps(spec: DetectorSpec, sizes: PriorSizes, input_wh: tuple[int, int]) -> tuple[PriorMap, ...]:
    """Return the priors for an input size."""
    if spec.kind == "ssd300-vgg16":
        return ssd300_prior_maps(input_wh)
    return tuple(
        PriorMap(map_wh=(input_wh[0] // stride, input_wh[1] // stride), sizes_wh=tuple(of_map))
        for of_map, stride in zip(sizes, spec.map_strides, strict=True)
    )
