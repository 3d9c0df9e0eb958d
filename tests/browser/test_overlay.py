"""What is drawn over a picture: outlines, boxes and identities, in both languages."""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from edgevision.identities import ClassScore, Identity
from edgevision.types import Findings, Inspection
from tests.browser.lines import Mouth, dashboard_at, spoken
from tests.inspections import CRACK, ng_inspection
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.plants import Station

pytestmark = [pytest.mark.broker, needs_mosquitto]

GREY = 90
ON_OUTLINE, IN_BOX, ON_BOX, ON_IDENTITY = (60, 40), (50, 46), (40, 45), (100, 50)
# How far the colours around a pixel of the frame are from grey.
COLOUR = """([x, y]) => {
  const canvas = document.querySelector("#picture canvas");
  const scale = canvas.width / 128;
  const at = [x, y].map((value) => Math.round(value * scale) - 3);
  const { data } = canvas.getContext("2d").getImageData(...at, 7, 7);
  const spreads = Array.from({ length: 49 }, (_, pixel) => {
    const [red, green, blue] = data.slice(4 * pixel);
    return Math.max(red, green, blue) - Math.min(red, green, blue);
  });
  return Math.max(...spreads);
}"""
IS_COLOURED = f"(at) => ({COLOUR})(at) > 60"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mouth]]:
    folder = tmp_path_factory.mktemp("overlay")
    with running_mosquitto() as broker, spoken(broker.port) as mouth, dashboard_at(broker.port, folder) as at:
        yield at, mouth


def seen(result_id: str, *identities: Identity) -> Inspection:
    """Return a part with a crack from the upper left to the upper right of its box, and down from there."""
    outline = np.array([(40, 30), (60, 40), (70, 30), (70, 50)], np.int32)
    crack = replace(CRACK, box_xyxy=(40, 30, 71, 51), outline_xy=outline)
    found = (Findings("cracks", (crack,)), Findings("marks", (), identities=identities))
    return replace(ng_inspection(result_id=result_id, size_wh=(128, 72), frame_id=1), findings=found)


def test_outlines_boxes_and_identities_are_drawn_and_can_be_taken_away(
    page: Page, plant: tuple[str, Mouth]
) -> None:
    at, mouth = plant
    station = Station("overlay")
    known = Identity("variant-b", 0.93, (100, 40, 121, 61))
    stranger = Identity(None, 0.12, (4, 50, 14, 60))
    mouth.say(*station.inspected(seen("o-1", known, stranger), time.time_ns(), GREY))
    page.goto(f"{at}station/overlay")

    expect(page.locator("#picture figcaption")).to_contain_text("variant-b · unknown")
    expect(page.locator("#picture canvas")).to_have_attribute(
        "aria-label", "cam1 #1: NG. crack 0.99, variant-b 0.93, unknown 0.12"
    )
    page.wait_for_function(IS_COLOURED, arg=ON_OUTLINE, polling=50)
    assert page.evaluate(COLOUR, IN_BOX) < 10
    assert page.evaluate(COLOUR, ON_BOX) > 60
    assert page.evaluate(COLOUR, ON_IDENTITY) > 60
    page.get_by_label("Findings").uncheck()
    assert page.evaluate(COLOUR, ON_OUTLINE) < 10


def test_one_inspection_shows_who_was_seen_in_the_language_of_the_page(
    page: Page, plant: tuple[str, Mouth]
) -> None:
    at, mouth = plant
    known, vague = Identity("王芳", 0.8, (4, 4, 30, 30)), Identity(None, 0.0, (90, 4, 120, 30), "too small")
    mouth.say(*Station("who").inspected(seen("w-1", known, vague), time.time_ns()))
    page.goto(f"{at}station/who")
    expect(page.locator("#verdict")).to_have_text("NG")
    page.goto(f"{at}inspection/w-1?lang=zh")

    expect(page.locator("#identities tbody tr").first).to_contain_text("王芳")
    expect(page.locator("#identities tbody tr").last).to_contain_text("无法识别")
    expect(page.locator("#identities tbody tr").last).to_contain_text("too small")
    expect(page.locator("#identities-title")).to_have_text("身份识别")
    page.goto(f"{at}inspection/w-1?lang=en")
    expect(page.locator("#identities tbody tr").last).to_contain_text("cannot be told")


def test_what_a_classifier_says_is_told_beside_the_picture_and_in_full_on_the_page_of_the_inspection(
    page: Page, plant: tuple[str, Mouth]
) -> None:
    at, mouth = plant
    scores = (ClassScore("scratched", 0.91), ClassScore("clean", 0.06))
    found = (
        Findings("surface", (), classes=scores),
        Findings("colour", (), classes=(ClassScore("blue", 1.0),)),
    )
    classified = replace(seen("c-1"), findings=found)
    mouth.say(*Station("classes").inspected(classified, time.time_ns(), GREY))
    page.goto(f"{at}station/classes")

    expect(page.locator("#picture figcaption")).to_contain_text("scratched · blue")
    expect(page.locator("#picture canvas")).to_have_attribute(
        "aria-label", "cam1 #1: NG. scratched 0.91, blue 1.00"
    )
    page.goto(f"{at}inspection/c-1?lang=en")
    expect(page.locator("#classes-title")).to_have_text("What it is")
    expect(page.locator("#classes tbody tr")).to_have_text(
        ["scratched0.910surface", "clean0.060surface", "blue1.000colour"]
    )


@pytest.mark.parametrize("said", [b"{", b"[1]", b'[[1,2,"<b>",4]]', b"null", b"[[]]", b"\xff"])
def test_a_damaged_comment_costs_the_outlines_and_not_the_picture(
    page: Page, plant: tuple[str, Mouth], said: bytes
) -> None:
    at, mouth = plant
    station = Station(f"damaged-{said.hex()}")
    (result, (topic, jpeg, _)) = station.inspected(seen(f"d-{said.hex()}"), time.time_ns(), GREY)
    first, _, rest = jpeg.partition(b"outlines=")
    damaged = b"outlines=" + said
    picture = first[:-2] + (len(damaged) + 2).to_bytes(2, "big") + damaged + rest[rest.index(b"]]") + 2 :]
    mouth.say(result, (topic, picture, False))
    page.goto(f"{at}station/{station.name}")
    page.wait_for_function(IS_COLOURED, arg=ON_BOX, polling=50)

    expect(page.locator("#picture figcaption")).not_to_contain_text("no picture")
    assert page.evaluate(COLOUR, ON_OUTLINE) < 10
