"""What a manifest says about how its model was made and measured. Pure format."""

from edgevision.bundle.part import Part

__all__ = ["Accuracy", "Provenance", "Quantization"]


class Accuracy(Part):
    """One measured figure set on one named split."""

    split: str
    samples: int
    fp32: dict[str, float]
    int8: dict[str, float]


class Provenance(Part):
    """One source of training data."""

    name: str
    licence: str
    attribution: str
    use: str


class Quantization(Part):
    """How the int8 file was made."""

    method: str
    calibration: str
    excluded_nodes: tuple[str, ...] = ()
