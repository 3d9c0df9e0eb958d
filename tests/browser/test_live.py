"""The dashboard in a real browser beside real daemons, brokers that go, and many stations at once."""

import json
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edgevision.dashboard.passwords import add_user
from edgevision.messages import Verb
from edgevision.types import Judgement
from tests.browser.lines import Mouth, dashboard_at, ledger_counts, real_line, spoken, wait_for
from tests.mosquitto import Subscriber, needs_mosquitto, running_mosquitto
from tests.plants import Station

pytestmark = [pytest.mark.broker, needs_mosquitto]

PARTS = 25
LONG_MS = 120_000
STATIONS = 50
RATE_HZ = 5.0
FRAME_TIMES = """(for_ms) => new Promise((resolve) => {
  const times = [];
  let last = performance.now();
  const end = last + for_ms;
  const tick = (now) => {
    times.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(tick);
    else resolve(times.slice(1));
  };
  requestAnimationFrame(tick);
})"""


def test_the_counts_of_a_live_line_are_those_of_its_ledger(page: Page, tmp_path: Path) -> None:
    with running_mosquitto() as broker, dashboard_at(broker.port, tmp_path) as at:
        page.goto(f"{at}station/line1")
        with real_line(tmp_path, broker.port, frames=PARTS):
            expect(page.locator("#health")).to_contain_text("surface-crack")
            expect(page.locator("#picture figcaption")).to_contain_text("S1-")
            expect(page.locator("#health")).to_contain_text("stopped", timeout=LONG_MS)
        counts = ledger_counts(tmp_path)
        for kind, count in counts.items():
            expect(page.locator(f"#counts [data-count={kind}]")).to_have_text(str(count))

    assert counts["OK"] > 0
    assert counts["NG"] > 0


def test_a_broker_that_goes_and_comes_back_is_shown_and_counting_goes_on(page: Page, tmp_path: Path) -> None:
    with running_mosquitto(persistent=True) as broker, dashboard_at(broker.port, tmp_path) as at:
        page.goto(f"{at}station/line1")
        with real_line(tmp_path, broker.port) as daemon:
            expect(page.locator("#counts [data-count=OK]")).not_to_have_text("0")
            broker.stop()
            expect(page.locator("#banner")).to_contain_text("No connection to the broker")
            expect(page.locator("#link")).to_have_attribute("data-state", "lost")
            before = daemon.total
            wait_for(lambda: daemon.total > before + 3)
            broker.start()
            expect(page.locator("#banner")).to_be_hidden()
            expect(page.locator("#link")).to_have_attribute("data-state", "good")
        expect(page.locator("#health")).to_contain_text("stopped")
        counts = ledger_counts(tmp_path)
        for kind, count in counts.items():
            expect(page.locator(f"#counts [data-count={kind}]")).to_have_text(str(count))


def test_fifty_stations_at_five_results_a_second_stay_fluid(
    page: Page, tmp_path: Path, is_long: bool
) -> None:
    for_s = 60.0 if is_long else 4.0
    stations = [Station(f"press-{number:02d}") for number in range(1, STATIONS + 1)]
    with (
        running_mosquitto("max_queued_messages 0") as broker,
        spoken(broker.port) as mouth,
        dashboard_at(broker.port, tmp_path) as at,
    ):
        page.goto(at)
        for station in stations:
            mouth.say(*station.start(time.time_ns()))
        expect(page.locator(".tile")).to_have_count(STATIONS)
        stop = threading.Event()
        talking = threading.Thread(target=talk, args=(mouth, stations, stop))
        talking.start()
        try:
            times_ms = sorted(page.evaluate(FRAME_TIMES, for_s * 1000))
        finally:
            stop.set()
            talking.join()
        for station in stations:
            tile = page.locator(f"[data-station={station.name}]")
            for kind in Judgement:
                expect(tile.locator(f"[data-count={kind}]")).to_have_text(str(station.counts[kind]))

    said = sum(station.counts.total() for station in stations)
    p50, p95, p99 = (times_ms[int(len(times_ms) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"\n{said} results of {STATIONS} stations in {for_s:.0f} s; {len(times_ms)} frames,"
        f" p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, longest {times_ms[-1]:.1f} ms"
    )
    assert len(times_ms) > for_s


def test_a_signed_in_user_commands_and_reads_the_answer(page: Page, tmp_path: Path) -> None:
    add_user(tmp_path / "users", "ann", "correct horse")
    station = Station()
    command = "edgevision/line1/cmd/stop"
    with (
        running_mosquitto() as broker,
        spoken(broker.port) as mouth,
        Subscriber(broker.port, "edgevision/+/cmd/+") as listener,
        dashboard_at(broker.port, tmp_path, password_file=tmp_path / "users", has_commands=True) as at,
    ):
        mouth.say(*station.start(time.time_ns()))
        page.goto(f"{at}station/line1")
        page.get_by_label("User").fill("ann")
        page.get_by_label("Password").fill("wrong horse")
        page.keyboard.press("Enter")
        expect(page.locator("#problem")).to_have_text("wrong name or password")
        page.get_by_label("Password").fill("correct horse")
        page.keyboard.press("Enter")
        expect(page.locator("#verdict")).to_be_visible()
        page.get_by_role("button", name="Stop", exact=True).click()
        sent = json.loads(listener.wait_for(command)[0])
        mouth.say(station.answer(Verb.STOP, sent["id"], "The station stopped.", time.time_ns()))
        expect(page.locator("#said")).to_contain_text("The station stopped.")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("User")).to_be_visible()

    assert sent["by"] == "ann"


def talk(mouth: Mouth, stations: list[Station], stop: threading.Event) -> None:
    """Have every station judge parts at its rate: 18 OK, 1 NG, 1 ND."""
    kinds = [Judgement.OK] * 18 + [Judgement.NG, Judgement.ND]
    begun_s, rounds = time.monotonic(), 0
    while not stop.wait(max(0.0, begun_s + rounds / RATE_HZ - time.monotonic())):
        for number, station in enumerate(stations):
            mouth.say(station.result(kinds[(rounds + number) % len(kinds)], time.time_ns()))
            if rounds % 25 == 0:
                mouth.say(station.metrics(time.time_ns()))
        rounds += 1
