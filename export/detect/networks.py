"""Builds detectors, and lays out the priors that belong to them."""

from collections.abc import Sequence

from edgevision.bundle.detectspec import PriorMap
from export.detect.priors import lay_out
from export.networks.detector_spec import DetectorSpec
from export.networks.ssdlite import SsdLite

__all__ = ["Detector", "build_detector", "prior_maps"]

Detector = SsdLite


def build_detector(spec: DetectorSpec, priors_per_map: Sequence[int]) -> Detector:
    """Build the network of a spec, with fresh random weights."""
    return SsdLite(spec, tuple(priors_per_map))


def prior_maps(
    spec: DetectorSpec, sizes: Sequence[Sequence[tuple[float, float]]], input_wh: tuple[int, int]
) -> tuple[PriorMap, ...]:
    """Return the priors for an input size."""
    return lay_out(sizes, spec.map_strides, input_wh)
