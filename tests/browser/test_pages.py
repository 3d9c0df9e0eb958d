"""The dashboard's pages in a real browser, with made-up stations at a real broker."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edgevision.types import Judgement
from tests.browser.lines import Mouth, dashboard_at, spoken
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.plants import Station

pytestmark = [pytest.mark.broker, needs_mosquitto]

HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
GREY = 90
# Set when the row of a result is there with its picture instead of the blank.
HAS_PICTURE = """([id, grey]) => {
  const canvas = document.querySelector(`#results [data-id="${id}"] canvas`);
  if (!canvas || !canvas.width) return 0;
  const [red] = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
  return Math.abs(red - grey) < 6 ? Date.now() : 0;
}"""
CONTRAST = """() => {
  const probe = document.createElement("canvas").getContext("2d");
  const light = (name) => {
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const pairs = {};
  for (const ink of ["--ink", "--ink-soft", "--ng", "--nd", "--accent"])
    for (const ground of ["--ground", "--panel", "--raised"])
      pairs[ink + " on " + ground] = ratio(light(ink), light(ground));
  pairs["--ng on --ng-ground"] = ratio(light("--ng"), light("--ng-ground"));
  pairs["--nd on --nd-ground"] = ratio(light("--nd"), light("--nd-ground"));
  return pairs;
}"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mouth]]:
    """A dashboard's address, and a mouth for stations."""
    folder = tmp_path_factory.mktemp("plant")
    with running_mosquitto() as broker, spoken(broker.port) as mouth, dashboard_at(broker.port, folder) as at:
        yield at, mouth


def now_ns() -> int:
    return time.time_ns()


def test_an_ng_appears_with_its_picture(page: Page, plant: tuple[str, Mouth]) -> None:
    at, mouth = plant
    station = Station("ng-line")
    mouth.say(*station.start(now_ns()), station.result(Judgement.OK, now_ns()))
    page.goto(f"{at}station/ng-line")
    expect(page.locator("#lamp")).to_have_attribute("data-judgement", "OK")
    delays_ms = []
    for _ in range(5):
        said = station.result(Judgement.NG, now_ns())
        result_id = json.loads(said[1])["result_id"]
        begun_ms = time.time() * 1000
        mouth.say(said, station.preview(result_id, GREY))
        seen = page.wait_for_function(HAS_PICTURE, arg=[result_id, GREY], polling=20)
        delays_ms.append(seen.json_value() - begun_ms)

    expect(page.locator("#lamp")).to_have_attribute("data-judgement", "NG")
    expect(page.locator("#verdict-part")).to_contain_text("ng-line-00006")
    expect(page.locator("#spoken")).to_contain_text("NG: ng-line-0000")
    print(f"\nNG on the page with its picture after {min(delays_ms):.0f} to {max(delays_ms):.0f} ms")


def test_hostile_names_are_shown_as_text(page: Page, plant: tuple[str, Mouth]) -> None:
    at, mouth = plant
    station = Station("wild")
    said = station.result(Judgement.NG, now_ns(), part_id=HOSTILE, reason=HOSTILE, recipe=HOSTILE)
    message = json.loads(said[1])
    message["defects"][0]["class"] = HOSTILE
    message["reasons"][0] |= {"text": HOSTILE, "code": HOSTILE, HOSTILE: HOSTILE}
    mouth.say(*station.start(now_ns()), station.alarm("camera_lost", HOSTILE, now_ns()))
    mouth.say((said[0], json.dumps(message).encode(), False), ("edgevision/<b>x/status", b"online", False))

    page.goto(f"{at}station/wild")
    expect(page.locator("#verdict-part")).to_contain_text("<img src=x")
    expect(page.locator("#results .result-part").first).to_have_text(HOSTILE)
    expect(page.locator("#alarms .alarm-text")).to_have_text(HOSTILE)
    expect(page.locator("#pareto .bar-name")).to_contain_text("<img src=x")
    page.goto(f"{at}inspection/{message['result_id']}")
    expect(page.locator("#reasons")).to_contain_text("<script>")
    expect(page.locator("#defects")).to_contain_text("<img src=x")
    page.goto(f"{at}station/{'%3Cimg%20src=x%20onerror=alert(1)%3E'}")
    expect(page.locator(".crumbs")).to_contain_text("<img src=x")
    expect(page.locator("#verdict-reason")).to_contain_text("has not been heard of")
    page.goto(f"{at}results")
    expect(page.locator("#results")).to_contain_text("<img src=x")
    page.goto(at)
    expect(page.locator("[data-station=wild] .tile-alarm")).to_have_text(HOSTILE)
    assert page.locator("[data-station*='<']").count() == 0
    assert page.locator("img, main script").count() == 0
    assert page.evaluate("window.hacked") is None


def test_an_alarm_is_acknowledged_with_the_keyboard_and_stays_so(
    page: Page, plant: tuple[str, Mouth]
) -> None:
    at, mouth = plant
    station = Station("loud")
    mouth.say(*station.start(now_ns()), station.alarm("camera_lost", "cam1 is lost.", now_ns()))
    page.goto(f"{at}station/loud")
    button = page.get_by_role("button", name="Acknowledge")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#alarms")).to_contain_text("seen by a visitor")
    page.reload()
    expect(page.locator("#alarms")).to_contain_text("seen by a visitor")
    expect(button).to_have_count(0)
    mouth.say(station.alarm("camera_lost", "", now_ns(), active=False))
    expect(page.locator("#alarms")).to_contain_text("No alarm")


def test_results_are_searched_and_looked_into(page: Page, plant: tuple[str, Mouth]) -> None:
    at, mouth = plant
    station = Station("archive")
    judgements = [Judgement.OK, Judgement.NG, Judgement.ND, Judgement.OK]
    mouth.say(*(station.result(judgement, now_ns()) for judgement in judgements))
    page.goto(f"{at}station/archive")
    rows = page.locator("#results .result")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="All").click()
    expect(rows).to_have_count(4)
    page.get_by_role("searchbox").fill("archive-00002")
    expect(rows).to_have_count(1)
    rows.first.click()
    expect(page.locator("#verdict")).to_have_text("NG")
    expect(page.locator("#defects")).to_contain_text("crack")
    expect(page.locator("#record")).to_contain_text("recipe_hash")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#verdict")).to_have_text("Not decidable")


def test_each_judgement_has_a_shape_of_its_own(page: Page, plant: tuple[str, Mouth]) -> None:
    at, mouth = plant
    station = Station("shapes")
    shapes = set()
    page.goto(f"{at}station/shapes/operator")
    for judgement in Judgement:
        mouth.say(station.result(judgement, now_ns()))
        expect(page.locator("#lamp")).to_have_attribute("data-judgement", judgement.value)
        shapes.add(page.locator("#lamp svg").evaluate("node => node.innerHTML"))

    assert len(shapes) == 3
    box = page.locator("#lamp").bounding_box()
    assert box is not None
    assert box["height"] > 250


def test_the_language_is_chosen_and_kept(page: Page, plant: tuple[str, Mouth]) -> None:
    at, mouth = plant
    station = Station("words")
    mouth.say(*station.start(now_ns()), station.result(Judgement.OK, now_ns()))
    page.goto(f"{at}station/words?lang=zh")
    expect(page.locator("#verdict")).to_have_text("合格")
    page.goto(f"{at}station/words")
    expect(page.locator("#health")).to_contain_text("检测中")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name="English").click()
    expect(page.locator("#verdict")).to_have_text("OK")


@pytest.mark.parametrize("path", ["", "station/small", "station/small/operator", "results", "login"])
def test_a_page_fits_a_phone(page: Page, plant: tuple[str, Mouth], path: str) -> None:
    at, mouth = plant
    station = Station("small")
    mouth.say(*station.start(now_ns()), station.result(Judgement.NG, now_ns()), station.metrics(now_ns()))
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(at + path)
    expect(page.locator(".header .brand")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_the_contrast_that_wcag_aa_asks_for(
    page: Page, plant: tuple[str, Mouth], scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(plant[0])
    ratios = page.evaluate(CONTRAST)

    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_the_theme_follows_the_system_until_one_is_chosen(page: Page, plant: tuple[str, Mouth]) -> None:
    html, button = page.locator("html"), page.get_by_role("button", name="Theme")
    page.emulate_media(color_scheme="dark")
    page.goto(plant[0])
    expect(html).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-theme", "light")

    for label, expected in [("light", "light"), ("dark", "dark"), ("system", "light"), ("light", "light")]:
        button.click()
        expect(button).to_have_text(f"Theme: {label}")
        expect(html).to_have_attribute("data-theme", expected)
    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(html).to_have_attribute("data-theme", "light")


def test_a_restart_of_the_dashboard_shows_the_shift(page: Page, tmp_path: Path) -> None:
    with running_mosquitto() as broker, spoken(broker.port) as mouth:
        station = Station()
        for count in (3, 6):
            with dashboard_at(broker.port, tmp_path) as at:
                mouth.say(*(station.result(Judgement.NG, now_ns()) for _ in range(3)))
                page.goto(f"{at}station/line1")
                expect(page.locator("[data-count=NG]")).to_have_text(str(count))
                expect(page.locator("#results .result")).to_have_count(count)
                page.goto("about:blank")
