"""What `edgevision bundle show` tells about a bundle, as plain data. Printing is the command line's job."""

import hashlib
from dataclasses import dataclass

from edgevision.bundle.archive import Bundle
from edgevision.bundle.detectspec import DetectSpec
from edgevision.bundle.embedspec import EmbedSpec
from edgevision.bundle.manifest import Manifest, SegmentSpec

__all__ = ["BundleCard", "FileRow", "Row", "describe"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what, and its value."""

    title: str
    value: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file inside a bundle."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BundleCard:
    """Everything to show of a bundle, in the order of showing."""

    summary: tuple[Row, ...]
    accuracy: tuple[tuple[str, str, str, str], ...]
    """Split with its size, metric, fp32, int8; a missing figure is a dash."""
    provenance: tuple[tuple[str, str, str, str], ...]
    """Name, licence, attribution, use."""
    files: tuple[FileRow, ...]
    tools: tuple[Row, ...]


def describe(bundle: Bundle) -> BundleCard:
    """Return the card of a bundle."""
    manifest = bundle.manifest
    contents = {name: bundle.read(name) for name in sorted(manifest.files)}
    return BundleCard(
        summary=tuple(_summary(bundle)),
        accuracy=tuple(_accuracy(manifest)),
        provenance=tuple((p.name, p.licence, p.attribution, p.use) for p in manifest.provenance),
        files=tuple(
            FileRow(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items()
        ),
        tools=tuple(Row(tool, version) for tool, version in sorted(manifest.tools.items())),
    )


def _summary(bundle: Bundle) -> list[Row]:
    manifest = bundle.manifest
    width, height = manifest.input.size_wh
    detect = manifest.detect
    rows = {
        "name": manifest.name,
        "version": manifest.version,
        "sha256": bundle.sha256,
        "description": manifest.description,
        "task": manifest.task,
        "created": manifest.created,
        "input": f"{width} x {height} {manifest.input.color}, uint8 NHWC"
        + (", test picture and reference" if detect and detect.inputs == "pair" else ""),
        "labels": ", ".join(f"{index} {label}" for index, label in enumerate(manifest.labels)),
        **_segment_rows(manifest.segment),
        **_detect_rows(detect),
        **_embed_rows(manifest.embed),
        **_classify_rows(manifest),
        "models": ", ".join(f"{name} (opset {model.opset})" for name, model in manifest.models.items()),
        "quantisation": _quantization(manifest),
        "size": _size(manifest),
        "golden samples": f"{len(manifest.golden)}, {_tolerance(manifest)}",
        "licence": manifest.licence,
        "made by": manifest.command,
    }
    return [Row(title, value) for title, value in rows.items() if value]


def _segment_rows(segment: SegmentSpec | None) -> dict[str, str]:
    if segment is None:
        return {}
    return {
        "pixel threshold": f"{segment.pixel_threshold:g}",
        "minimum area": f"{segment.min_area_px} px",
        "line-like": ", ".join(segment.line_like),
    }


def _detect_rows(detect: DetectSpec | None) -> dict[str, str]:
    if detect is None:
        return {}
    priors = f", {detect.prior_count:,} priors on {len(detect.priors)} maps" if detect.priors else ""
    return {
        "decoder": detect.decoder + priors,
        "score threshold": f"{detect.score_threshold:g}",
        "suppression": f"IoU above {detect.iou_threshold:g}, at most {detect.max_detections} findings",
        "votes": f"the best {detect.votes} boxes make up a finding" if detect.votes > 1 else "",
        "classes": "one at each place" if detect.exclusive else "",
        "sees pictures": detect.scaling + (f" at scale {detect.scale:g}" if detect.scale != 1 else ""),
    }


def _embed_rows(embed: EmbedSpec | None) -> dict[str, str]:
    if embed is None:
        return {}
    limits = (f"at least {embed.min_size_px:g} px", f"sharpness at least {embed.min_sharpness:g}")
    yaw = f", turned at most {embed.max_yaw_deg:g} degrees" if embed.max_yaw_deg is not None else ""
    seen = "aligned by five landmarks" if embed.landmarks_xy else f"box with a margin of {embed.margin:g}"
    return {
        "embedding": f"{embed.dimensions} dimensions, {embed.metric}",
        "match threshold": f"{embed.threshold:g}",
        "sees pictures": seen,
        "quality": ", ".join(limits) + yaw,
    }


def _classify_rows(manifest: Manifest) -> dict[str, str]:
    if manifest.classify is None:
        return {}
    return {
        "temperature": f"{manifest.classify.temperature:g}",
        "sees pictures": manifest.classify.scaling,
        "explains itself": "yes, by class activation" if len(manifest.outputs) > 1 else "no",
    }


def _tolerance(manifest: Manifest) -> str:
    detect = manifest.detect
    if manifest.embed is not None:
        return f"cosine at least {manifest.embed.golden_min_cosine:g}"
    if manifest.classify is not None:
        return f"probabilities within {manifest.classify.golden_max_difference:g}"
    if detect is None:
        return f"at most {manifest.golden_max_differing:.2%} differing"
    return f"IoU at least {detect.golden_min_iou:g}, scores within {detect.golden_max_score_difference:g}"


def _quantization(manifest: Manifest) -> str:
    made = manifest.quantization
    if made is None:
        return ""
    excluded = f", kept in fp32: {', '.join(made.excluded_nodes)}" if made.excluded_nodes else ""
    return f"{made.method}, calibrated on {made.calibration}{excluded}"


def _size(manifest: Manifest) -> str:
    parts = []
    if manifest.parameters is not None:
        parts.append(f"{manifest.parameters:,} parameters")
    if manifest.gmac is not None:
        parts.append(f"{manifest.gmac:.2f} GMAC")
    return ", ".join(parts)


def _accuracy(manifest: Manifest) -> list[tuple[str, str, str, str]]:
    return [
        (
            f"{accuracy.split} ({accuracy.samples})",
            metric,
            _figure(accuracy.fp32, metric),
            _figure(accuracy.int8, metric),
        )
        for accuracy in manifest.accuracy
        for metric in dict.fromkeys([*accuracy.fp32, *accuracy.int8])
    ]


def _figure(figures: dict[str, float], metric: str) -> str:
    return f"{figures[metric]:.4f}" if metric in figures else "-"
