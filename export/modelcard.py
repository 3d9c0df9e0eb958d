"""The model card inside a bundle: what the model is for, how good it is, where it came from. Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from edgevision.bundle.detectspec import DetectSpec
from edgevision.bundle.manifest import Manifest
from export.verify import GateResult
from export.work import Facts

__all__ = ["CARD_FILE", "model_card"]

CARD_FILE = "MODEL_CARD.md"

_NOTES = {
    "segment": (
        "IoU over all pixels of all pictures; mean_iou over the defect classes; defect_iou is any defect "
        "against background; tolerance_f1 counts pixels within 4 px."
    ),
    "embed": (
        "eer and tar_* over all pairs of a probe and an enrolled picture: TAR at a FAR of 1e-2, 1e-3, 1e-4; "
        "rank1 and tpir_1e2 against the gallery, the latter at an FPIR of 1 % of those not enrolled, reached "
        "at the cosine threshold_1e2."
    ),
    "classify": (
        "accuracy over all pictures; balanced is the mean of the classes' recalls; ece is the expected "
        "calibration error over 15 bins, with the temperature."
    ),
    "detect": (
        "map50 is the mean over the classes of the average precision at IoU 0.5, all points, as PASCAL VOC "
        "computes it since 2010; ap50 the same by class; map is COCO's mean over IoU 0.5 to 0.95; f50 is the "
        "mean F-score when boxes count from the score threshold; map33 and f33 are the same at IoU 0.33."
    ),
}


def model_card(manifest: Manifest, facts: Facts, result: GateResult) -> str:
    """Return the card of a bundle."""
    parts = [
        f"# {manifest.name} {manifest.version}",
        manifest.description,
        _section("What it does", _use(manifest)),
        _section("How good it is", _accuracy(manifest, result)),
        _section("float32 against int8", _conversion(manifest, facts, result)),
        _section("Training", _training(facts)),
        _section("Data and licence", _provenance(manifest)),
        _section("Limits", _limits(result)),
        _section("How it was made", _making(manifest)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _votes(detect: DetectSpec) -> str:
    votes = f" The best {detect.votes} that agree make up its score and place." if detect.votes > 1 else ""
    exclusive = " A better box of another class at its place lowers its score." if detect.exclusive else ""
    return votes + exclusive


def _use(manifest: Manifest) -> str:
    width, height = manifest.input.size_wh
    size = f"{manifest.parameters:,} parameters, {manifest.gmac:.3g} GMAC" if manifest.parameters else ""
    classes = ", ".join(manifest.findable)
    where = f"{classes} in {width} x {height} pixels of {manifest.input.color}. {size}."
    if manifest.detect is not None:
        beside = " beside a registered picture of a good part" if manifest.detect.inputs == "pair" else ""
        return (
            f"Finds {where}\nThe picture goes in {manifest.detect.scaling}{beside}. A box counts from score "
            f"{manifest.detect.score_threshold:g}; of two of a class that overlap by more than IoU "
            f"{manifest.detect.iou_threshold:g}, the one with the lower score is dropped."
            f"{_votes(manifest.detect)}"
        )
    if manifest.embed is not None:
        aligned = "aligned by five landmarks" if manifest.embed.landmarks_xy else "cut out by a box"
        return (
            f"Tells which one {width} x {height} pixels of {manifest.input.color} show, {aligned}, by a "
            f"vector of {manifest.embed.dimensions} numbers. {size}.\nTwo are the same from a cosine of "
            f"{manifest.embed.threshold:g} on. Who is to be known is enrolled, not trained."
        )
    if manifest.classify is not None:
        return (
            f"Tells {', '.join(manifest.labels)} apart in {width} x {height} pixels of "
            f"{manifest.input.color}. {size}.\nThe region goes in {manifest.classify.scaling}; "
            f"temperature {manifest.classify.temperature:g}."
        )
    segment = manifest.require_segment()
    return (
        f"Segments {where}\nA pixel counts from probability {segment.pixel_threshold:g}; "
        f"defects below {segment.min_area_px} pixels are dropped."
    )


def _accuracy(manifest: Manifest, result: GateResult) -> str:
    if not result.subject.has_truth:
        return "Not measured: no labelled pictures were given. int8 was compared with fp32 only."
    blocks = []
    for accuracy in manifest.accuracy:
        rows = [
            (name, _figure(accuracy.fp32.get(name)), _figure(accuracy.int8.get(name)))
            for name in dict.fromkeys([*accuracy.fp32, *accuracy.int8])
        ]
        blocks.append(
            f"{accuracy.samples} pictures: {accuracy.split}.\n\n" + table(("figure", "fp32", "int8"), rows)
        )
    return "\n\n".join([*blocks, _NOTES[manifest.task]])


def _conversion(manifest: Manifest, facts: Facts, result: GateResult) -> str:
    int8 = result.of("int8")
    lines = []
    if facts.max_abs_difference is not None:
        lines.append(
            f"- torch against ONNX fp32: values differ by at most {facts.max_abs_difference:.2g} "
            f"on {facts.compared_inputs} inputs."
        )
    lines.append(
        f"- int8 against fp32: values differ by at most {int8.difference.max:.2g}, on average by "
        f"{int8.difference.mean:.2g}, 99 % of them by less than {int8.difference.p99:.2g}."
    )
    lines.append(
        f"- Verdicts that differ between fp32 and int8: {_flipped(result)} of {len(int8.pictures)} pictures."
    )
    if manifest.quantization is not None:
        excluded = ", ".join(manifest.quantization.excluded_nodes) or "none"
        lines.append(f"- {manifest.quantization.method}; nodes left in float: {excluded}.")
        lines.append(f"- Calibrated with {manifest.quantization.calibration}.")
    return "\n".join(lines)


def _flipped(result: GateResult) -> int:
    name = result.of("int8").runner.name
    return sum(flip.runner == name and flip.what == "picture" for flip in result.flips)


def _training(facts: Facts) -> str:
    if not facts.training:
        return ""
    minutes = f", {facts.training_minutes:.0f} minutes" if facts.training_minutes else ""
    text = f"Configuration `{facts.training['name']}`, checkpoint `{Path(facts.source).name}`{minutes}."
    if facts.given.detect is not None and facts.given.detect.score_threshold is None:
        text += " The score threshold is that of the highest mean F-score on the held-out pictures."
    return text


def _provenance(manifest: Manifest) -> str:
    rows = [(p.name, p.licence, p.attribution, p.use) for p in manifest.provenance]
    return f"Licence of this model: {manifest.licence}.\n\n" + table(
        ("data", "licence", "attribution", "use"), rows
    )


def _limits(result: GateResult) -> str:
    return (
        f"Measured on {result.subject.held_out_name} only. Other parts, materials, light, optics or scales "
        "need a measurement of their own: `python -m export evaluate BUNDLE DATA`."
    )


def _making(manifest: Manifest) -> str:
    tools = ", ".join(f"{name} {version}" for name, version in sorted(manifest.tools.items()))
    return f"`{manifest.command}`\n\n{manifest.created}; {tools}."


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars and line breaks in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
