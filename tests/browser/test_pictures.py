"""Takes the pictures of the dashboard and of reports that the documents show.

pytest tests/browser/test_pictures.py --pictures
"""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from playwright.sync_api import Page, expect

from edgevision.types import Judgement
from tests.browser.lines import Mouth, dashboard_at, real_line, spoken
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.plants import Station
from tests.stations import run_edgevision, write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]

FOLDER = Path(__file__).parents[2] / "deploy/pictures"
MAX_BYTES = 300_000
RECIPE = FOLDER.parent / "examples/surface-crack.yaml"
PARTS = 40
PARTS_OF_A_REPORT = 120
MIXTURE = [Judgement.OK] * 96 + [Judgement.NG] * 3 + [Judgement.ND]
OTHERS = 11


def take(page: Page, name: str, size: tuple[int, int]) -> None:
    """Save what the page shows once nothing is missing."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(500)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    # Two bits less a colour: nobody sees it, and the file is a third smaller.
    rounded = np.minimum(np.asarray(cv2.imread(str(path)), np.uint16) + 2, 255).astype(np.uint8)
    cv2.imwrite(str(path), np.bitwise_and(rounded, 0xFC), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert path.stat().st_size < MAX_BYTES


def neighbours(mouth: Mouth) -> None:
    """Have other stations there: one has an alarm, one is offline."""
    for number in range(1, OTHERS + 1):
        station = Station(f"press-{number:02d}")
        mouth.say(*station.start(time.time_ns()))
        for part in range(40 * number):
            mouth.say(station.result(MIXTURE[part * 7 % len(MIXTURE)], time.time_ns()))
        mouth.say(station.metrics(time.time_ns()))
        if number == 4:
            text = "cam1 is lost: no frame for 5 s. Check cable and power of the camera."
            mouth.say(station.alarm("camera_lost", text, time.time_ns()))
        if number == 9:
            mouth.say((station.topics.status, b"offline", True))


on_demand = pytest.mark.skipif(
    "not config.getoption('--pictures')", reason="pictures are taken with --pictures"
)


@on_demand
def test_pictures_of_a_live_line(page: Page, tmp_path: Path) -> None:
    with (
        running_mosquitto("max_queued_messages 0") as broker,
        spoken(broker.port) as mouth,
        dashboard_at(broker.port, tmp_path) as at,
        real_line(tmp_path, broker.port, fps=3.0),
    ):
        neighbours(mouth)
        page.goto(f"{at}station/line1")
        page.wait_for_function(
            f"() => Number(document.querySelector('[data-count=OK]').textContent) > {PARTS}", timeout=180_000
        )
        take(page, "dashboard-station", (1280, 840))
        page.emulate_media(color_scheme="dark")
        page.goto(f"{at}station/line1?lang=zh")
        take(page, "dashboard-station-dark-zh", (1280, 840))
        page.emulate_media(color_scheme="light")
        page.goto(f"{at}station/line1/operator?lang=en")
        take(page, "dashboard-operator", (1280, 720))
        page.goto(f"{at}station/line1")
        take(page, "dashboard-phone", (390, 844))
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(at)
        expect(page.locator(".tile")).to_have_count(OTHERS + 1)
        take(page, "dashboard-fleet", (1280, 700))
        page.goto(f"{at}station/line1")
        page.locator("#results .result-link").first.click()
        expect(page.locator("#defects")).to_contain_text("0.")
        take(page, "dashboard-inspection", (1280, 800))


@on_demand
def test_pictures_of_reports_on_the_sample_line(page: Page, tmp_path: Path) -> None:
    recipe = yaml.safe_load(RECIPE.read_text())
    recipe |= {"version": "2.0.0", "grey_band": {"low": 0.88, "high": 0.99}}
    recipe["rules"][2]["min_area_px"] = 120
    (tmp_path / "changed.yaml").write_text(yaml.safe_dump(recipe))
    station = write_station(tmp_path, {"source": "sample:4"}, record={"folder": "out", "min_free_gb": 0})
    recorded, before, after = (str(tmp_path / name) for name in ("recorded", "before.jsonl", "after.jsonl"))
    run_edgevision("record", "-c", station, "--out", recorded, "--frames", str(PARTS_OF_A_REPORT))
    for path, out in ((RECIPE, before), (tmp_path / "changed.yaml", after)):
        report = ["--report", f"{out}.html", "--engine", "onnxruntime", "--precision", "int8"]
        run_edgevision("replay", "--recipe", path, "--out", out, *report, recorded)
    compared = tmp_path / "compared.html"
    run_edgevision("compare", before, after, "--report", compared, "--images", recorded)

    page.goto(Path(f"{before}.html").as_uri())
    take(page, "replay-report", (1160, 1300))
    page.goto(compared.as_uri())
    take(page, "comparison-report", (1160, 1300))
