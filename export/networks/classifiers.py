"""Builds classifiers of all kinds by their specs."""

from export.networks.classifier import Classifier, ClassifierSpec
from export.networks.mapped import MapClassifier
from export.networks.spec import NetworkSpec

__all__ = ["AnyClassifier", "build_classifier"]

AnyClassifier = Classifier | MapClassifier


def build_classifier(spec: ClassifierSpec) -> AnyClassifier:
    """Build the network of a spec, with fresh random weights."""
    if spec.kind == "unet-lite":
        return MapClassifier(NetworkSpec(classes=spec.classes))
    return Classifier(spec)
