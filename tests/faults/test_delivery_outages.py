"""The broker goes away and comes back: nothing is lost, and what arrives twice has the same id."""

import time
from pathlib import Path

import pytest

from tests.faults.line import ALL, PERSISTENT, TOPICS, Historian, duplicates, running_line
from tests.faults.rows import row
from tests.ledgers import until, verified
from tests.mosquitto import needs_mosquitto, running_mosquitto

pytestmark = [pytest.mark.broker, needs_mosquitto]


def test_a_broker_that_is_away_for_minutes_gets_everything_afterwards(tmp_path: Path, is_long: bool) -> None:
    away_s = 600.0 if is_long else 3.0
    with (
        running_mosquitto(PERSISTENT, persistent=True) as mosquitto,
        Historian(mosquitto.port) as historian,
        running_line(tmp_path, mosquitto.port) as line,
    ):
        until(lambda: line.client.is_connected, "connected")
        line.start()
        historian.wait_for_more(50)
        mosquitto.stop()
        until(lambda: not line.client.is_connected, "the loss is noticed")
        time.sleep(away_s)  # the outage
        waited = line.ledger.depth
        mosquitto.start()
        since_s = time.monotonic()
        line.wait_until_delivered(600)
        drained_s = time.monotonic() - since_s
        until(lambda: historian.different == line.made, "everything has arrived")
        again = duplicates(historian.messages, line.made)
        late = {message["sequence"] for message in historian.messages if message.get("late")}
        assert len(late) >= waited
        assert "late" not in historian.messages[0]
    assert sum(verified(tmp_path / "ledger.db").values()) == line.made
    measured = (
        f"{line.made} results at {line.rate_hz:.0f}/s, {waited} waited and were drained in "
        f"{drained_s:.1f} s; 0 lost, {again} duplicates"
    )
    row(
        f"broker stopped for {away_s:g} s, then back",
        ALL,
        measured,
        "test_delivery_outages.py::test_a_broker_that_is_away_for_minutes_gets_everything_afterwards",
        is_long=is_long,
    )


def test_a_broker_that_restarts_many_times_gets_everything(tmp_path: Path, is_long: bool) -> None:
    restarts = 50 if is_long else 4
    with (
        running_mosquitto(PERSISTENT, persistent=True) as mosquitto,
        Historian(mosquitto.port) as historian,
        running_line(tmp_path, mosquitto.port) as line,
    ):
        line.start()
        for _ in range(restarts):
            historian.wait_for_more(30)
            mosquitto.stop()
            mosquitto.start()
        line.wait_until_delivered()
        until(lambda: historian.different == line.made, "everything has arrived")
        again = duplicates(historian.messages, line.made)
    assert sum(verified(tmp_path / "ledger.db").values()) == line.made
    row(
        f"broker restarted {restarts} times",
        ALL,
        f"{line.made} results at {line.rate_hz:.0f}/s; 0 lost, {again} duplicates",
        "test_delivery_outages.py::test_a_broker_that_restarts_many_times_gets_everything",
        is_long=is_long,
    )


def die(*_: object) -> None:
    raise RuntimeError("a fault of a callback")


def test_a_network_thread_that_fails_in_mid_stream_is_rebuilt_within_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    deaths = 50 if is_long else 3
    longest_s = 0.0
    with (
        running_mosquitto(PERSISTENT, persistent=True) as mosquitto,
        Historian(mosquitto.port) as historian,
        running_line(tmp_path, mosquitto.port) as line,
    ):
        line.start()
        for number in range(deaths):
            historian.wait_for_more(30)
            online = len(historian.subscriber.payloads(TOPICS.status))

            session = line.client._session
            assert session is not None
            step = ("loop_read", "loop_misc", "loop_write")[number % 3]
            monkeypatch.setattr(session._client, step, die)
            since_s = time.monotonic()
            historian.subscriber.wait_for(TOPICS.status, online + 1)
            longest_s = max(longest_s, time.monotonic() - since_s)
        line.wait_until_delivered()
        until(lambda: historian.different == line.made, "everything has arrived")
        again = duplicates(historian.messages, line.made)
    row(
        f"the MQTT client's thread fails {deaths} times in mid-stream",
        "rebuilt within 2 s; " + ALL,
        f"rebuilt within {longest_s:.2f} s; {line.made} results, 0 lost, {again} duplicates",
        "test_delivery_outages.py::"
        "test_a_network_thread_that_fails_in_mid_stream_is_rebuilt_within_two_seconds",
        is_long=is_long,
    )
    assert longest_s < 2.0 or not is_long
