"""What the pages say of a station as a whole: its newest judgement, or why there is none."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lines import Mouth, dashboard_at, spoken
from tests.mosquitto import needs_mosquitto, running_mosquitto

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
