import json
from pathlib import PurePosixPath

import cv2
import numpy as np
import pytest

from edgevision.evidence.plan import Exhibit
from edgevision.evidence.render import render
from edgevision.recipe import EvidenceImage
from edgevision.types import ImageBgr
from tests.unit.evidence.exhibits import part

BAD = part(number=1)
PNG, JPEG = EvidenceImage(), EvidenceImage(format="jpeg", jpeg_quality=90)


def rendered(image: EvidenceImage, *, overlay: bool = True) -> dict[str, bytes]:
    exhibit = Exhibit(PurePosixPath("NG"), "part", ".png" if image is PNG else ".jpg")
    files = render(BAD, exhibit, image, station="line1", uri="file:///x", overlay=overlay)
    return {str(path): content for path, content in files}


def picture(content: bytes) -> ImageBgr:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8, copy=False)


def test_a_png_is_the_picture_that_was_inspected() -> None:
    assert np.array_equal(picture(rendered(PNG)["NG/part.png"]), BAD.seen.image_bgr)


def test_a_jpeg_has_its_size_and_its_quality() -> None:
    fine, coarse = rendered(JPEG), rendered(EvidenceImage(format="jpeg", jpeg_quality=50))

    assert picture(fine["NG/part.jpg"]).shape == BAD.seen.image_bgr.shape
    assert len(coarse["NG/part.jpg"]) < len(fine["NG/part.jpg"])


@pytest.mark.parametrize("image", [PNG, JPEG], ids=["png", "jpeg"])
def test_the_original_comes_last_because_it_makes_the_exhibit_complete(image: EvidenceImage) -> None:
    *_, last = rendered(image)

    assert last.startswith("NG/part.")
    assert not last.endswith(".json")


def test_the_overlay_is_another_picture_and_may_be_left_out() -> None:
    drawn = picture(rendered(PNG)["NG/overlay/part.jpg"])

    assert drawn.shape == BAD.seen.image_bgr.shape
    assert not np.array_equal(drawn, BAD.seen.image_bgr)
    assert list(rendered(PNG, overlay=False)) == ["NG/part.json", "NG/part.png"]


def test_the_record_is_the_result_message() -> None:
    record = json.loads(rendered(PNG)["NG/part.json"])

    assert (record["result_id"], record["result_uri"]) == (BAD.inspection.result_id, "file:///x")
