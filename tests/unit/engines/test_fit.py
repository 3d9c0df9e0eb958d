from typing import Any

import numpy as np
import pytest

from edgevision.bundle.manifest import Manifest
from edgevision.engines.fit import Port, check_answer, check_batch, check_ports, input_shape
from edgevision.errors import EngineError, ManifestError
from tests.bundles import bundle_parts

SIZE_WH = (32, 16)
FIELDS, _ = bundle_parts(SIZE_WH)
MANIFEST = Manifest.model_validate(FIELDS)
INPUTS = {"image": Port("uint8", (1, 16, 32, 3))}
OUTPUTS = {"classes": Port("float32", (1, 2, 16, 32))}


def manifest(**changes: Any) -> Manifest:
    return Manifest.model_validate(FIELDS | changes)


def complaint(inputs: dict[str, Port], outputs: dict[str, Port]) -> str:
    """Return what is said against a model; nothing when it fits."""
    try:
        check_ports(MANIFEST, inputs, outputs)
    except ManifestError as error:
        return str(error)
    return ""


def test_a_model_that_fits_its_manifest_passes() -> None:
    assert not complaint(INPUTS, OUTPUTS)


def test_dimensions_the_model_leaves_open_pass() -> None:
    assert not complaint({"image": Port("uint8", (None, None, None, 3))}, OUTPUTS)


def test_outputs_nobody_asked_for_pass() -> None:
    assert not complaint(INPUTS, OUTPUTS | {"features": Port("float16", (1,))})


def test_a_single_channel_is_enough_for_two_labels_but_not_for_three() -> None:
    outputs = {"classes": Port("float32", (1, 1, 16, 32))}
    check_ports(MANIFEST, INPUTS, outputs)
    with pytest.raises(ManifestError, match=r"expected \(1, 3, 16, 32\)"):
        check_ports(manifest(labels=("background", "crack", "pit")), INPUTS, outputs)


def test_channels_last_outputs_follow_the_manifest() -> None:
    nhwc = manifest(outputs=[{"name": "classes", "layout": "NHWC"}])
    check_ports(nhwc, INPUTS, {"classes": Port("float32", (1, 16, 32, 2))})
    with pytest.raises(ManifestError):
        check_ports(nhwc, INPUTS, OUTPUTS)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "model inputs: expected image, got"),
        ({"x": INPUTS["image"]}, "model inputs: expected image, got x"),
        (INPUTS | {"mask": INPUTS["image"]}, "expected image, got image, mask"),
        ({"image": Port("float32", (1, 16, 32, 3))}, r"expected \(1, 16, 32, 3\) uint8, got .* float32"),
        ({"image": Port("uint8", (1, 3, 16, 32))}, r"got \(1, 3, 16, 32\) uint8"),
        ({"image": Port("uint8", (16, 32, 3))}, r"got \(16, 32, 3\) uint8"),
        ({"image": Port("uint8", (None, 16, 31, 3))}, r"got \(\?, 16, 31, 3\) uint8"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(inputs: dict[str, Port], words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        check_ports(MANIFEST, inputs, OUTPUTS)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"probs": OUTPUTS["classes"]}, "model outputs: expected classes, got probs"),
        ({"classes": Port("float16", (1, 2, 16, 32))}, "float16"),
        ({"classes": Port("float32", (1, 5, 16, 32))}, r"expected \(1, 2, 16, 32\)"),
        ({"classes": Port("float32", (1, 2, 8, 16))}, r"got \(1, 2, 8, 16\)"),
        ({"classes": Port("float32", (1, 2))}, r"got \(1, 2\)"),
    ],
)
def test_an_output_that_does_not_fit_is_refused(outputs: dict[str, Port], words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        check_ports(MANIFEST, INPUTS, outputs)


def test_the_arrays_a_model_really_gave_are_checked_too() -> None:
    check_answer(MANIFEST, [np.zeros((1, 2, 16, 32), np.float32)])
    with pytest.raises(ManifestError, match=r"got \(1, 2, 8, 16\) float32"):
        check_answer(MANIFEST, [np.zeros((1, 2, 8, 16), np.float32)])


def test_a_grey_model_takes_one_channel() -> None:
    grey = manifest(input=FIELDS["input"] | {"color": "GRAY"})
    assert input_shape(grey) == (1, 16, 32, 1)


@pytest.mark.parametrize("batch", [np.zeros((1, 4, 4, 3), np.float32), np.zeros((4, 4, 3), np.uint8)])
def test_a_batch_of_another_type_or_shape_is_refused(batch: Any) -> None:
    with pytest.raises(EngineError, match=r"expected \(1, 4, 4, 3\) uint8"):
        check_batch(batch, (1, 4, 4, 3))
