"""What the pages say of a station as a whole: its newest judgement, or why there is none."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from edgevision.messages import MachineState
from edgevision.types import Judgement
from tests.browser.lines import Mouth, dashboard_at, spoken
from tests.mosquitto import needs_mosquitto, running_mosquitto
from tests.plants import Station

pytestmark = [pytest.mark.broker, needs_mosquitto]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mouth]]:
    folder = tmp_path_factory.mktemp("verdicts")
    with running_mosquitto() as broker, spoken(broker.port) as mouth, dashboard_at(broker.port, folder) as at:
        yield at, mouth


def test_figures_that_the_dashboard_cannot_give_do_not_make_a_station_unknown(
    page: Page, plant: tuple[str, Mouth]
) -> None:
    ask = "() => dispatchEvent(new Event('themechange'))"
    reason = page.locator("#verdict-reason")
    page.route("**/figures", lambda route: route.fulfill(status=503, json={"error": "down"}))
    page.goto(f"{plant[0]}station/nobody")
    for _ in range(2):
        with page.expect_response("**/figures"):
            page.evaluate(ask)
    expect(reason).to_have_text("")
    page.unroute("**/figures")
    page.evaluate(ask)
    expect(reason).to_contain_text("has not been heard of")


@pytest.mark.parametrize("view", ["", "/operator"])
def test_no_old_ok_is_shown_for_a_station_that_halts_or_is_gone(
    page: Page, plant: tuple[str, Mouth], view: str
) -> None:
    at, mouth = plant
    station = Station(f"quiet{len(view)}")
    lamp, verdict = page.locator("#lamp"), page.locator("#verdict")
    mouth.say(*station.start(time.time_ns()), station.result(Judgement.OK, time.time_ns()))
    page.goto(f"{at}station/{station.name}{view}")
    expect(lamp).to_have_attribute("data-judgement", "OK")
    mouth.say(station.state(MachineState.HALTED, "Halted by a command.", time.time_ns()))
    expect(verdict).to_have_text("Halted")
    expect(page.locator("#verdict-reason")).to_have_text("Halted by a command.")
    expect(lamp).to_have_attribute("data-judgement", "none")
    mouth.say((station.topics.status, b"offline", True))
    expect(verdict).to_have_text("offline")
    mouth.say(*station.start(time.time_ns()))
    expect(verdict).to_have_text("No result yet")
    expect(lamp).to_have_attribute("data-judgement", "none")
    mouth.say(station.result(Judgement.OK, time.time_ns()))
    expect(lamp).to_have_attribute("data-judgement", "OK")


@pytest.mark.parametrize("bad", [Judgement.NG, Judgement.ND])
def test_an_ng_or_nd_of_a_station_in_error_is_shown_and_spoken_and_an_ok_is_not(
    page: Page, plant: tuple[str, Mouth], bad: Judgement
) -> None:
    at, mouth = plant
    station = Station(f"failed-{bad.lower()}")
    lamp, verdict = page.locator("#lamp"), page.locator("#verdict")
    mouth.say(*station.start(time.time_ns()), station.result(Judgement.OK, time.time_ns()))
    page.goto(f"{at}station/{station.name}")
    expect(lamp).to_have_attribute("data-judgement", "OK")
    mouth.say(station.state(MachineState.ERROR, "A camera is lost.", time.time_ns()))
    expect(verdict).to_have_text("Error")
    expect(page.locator("#verdict-reason")).to_have_text("A camera is lost.")
    mouth.say(station.result(bad, time.time_ns()))
    expect(lamp).to_have_attribute("data-judgement", bad.value)
    expect(page.locator("#verdict-part")).to_contain_text(f"{station.name}-00002")
    expect(page.locator("#spoken")).to_contain_text(f"{station.name}-00002")
    page.goto(at)
    tile = page.locator(f"[data-station={station.name}]")
    expect(tile.locator(".lamp")).to_have_attribute("data-judgement", bad.value)
    mouth.say(station.result(Judgement.OK, time.time_ns()))
    expect(tile.locator(".lamp")).to_have_attribute("data-judgement", "none")


def test_a_tile_shows_no_ok_from_before_a_halt(page: Page, plant: tuple[str, Mouth]) -> None:
    at, mouth = plant
    station = Station("tiled")
    tile = page.locator(f"[data-station={station.name}]")
    mouth.say(*station.start(time.time_ns()), station.result(Judgement.OK, time.time_ns()))
    page.goto(at)
    expect(tile.locator(".lamp")).to_have_attribute("data-judgement", "OK")
    mouth.say(station.state(MachineState.HALTED, "Halted by a command.", time.time_ns()))
    expect(tile.locator(".tile-state")).to_have_text("Halted")
    mouth.say(station.state(MachineState.READY, None, time.time_ns()))
    expect(tile.locator(".tile-state")).to_have_text("Ready")
    expect(tile.locator(".lamp")).to_have_attribute("data-judgement", "none")
