"""Brokers that bear little, refuse, fall silent or are slow: never more under way than they said."""

import random
from pathlib import Path

import pytest

from tests.faults.acking import AckingBroker
from tests.faults.line import duplicates, running_line
from tests.faults.rows import row
from tests.ledgers import until, verified

ALL = "0 lost, 0 never delivered, duplicates only with equal result_id; in flight never above Receive Maximum"
REFUSALS = 0x97, 0x87, 0x80, 0x95, 0xF3
"""MQTT 5 lists the first three for PUBACK; Mosquitto sends the fourth, too."""


@pytest.mark.parametrize("receive_maximum", [1, 5])
def test_no_more_is_under_way_than_the_broker_said_also_after_a_reconnect(
    tmp_path: Path, receive_maximum: int, is_long: bool
) -> None:
    cuts, parts = (100, 20) if is_long else (8, 10)
    broker = AckingBroker(receive_maximum, ack_after_s=0.002)
    rng = random.Random(receive_maximum)
    with running_line(tmp_path, broker.port) as line:
        line.make(100)
        for _ in range(cuts):
            line.make(parts)
            wanted = len(broker.results) + rng.randint(1, 2 * parts)
            broker.wait_for(
                lambda wanted=wanted: len(broker.results) >= min(wanted, line.made),  # type: ignore[misc]
                "results arrive",
            )
            broker.cut()
        line.wait_until_delivered()
        again = duplicates(broker.results, line.made)
    broker.close()
    assert broker.connections > cuts
    assert broker.most_in_flight == receive_maximum
    assert verified(tmp_path / "ledger.db").keys() == {("delivered", "OK"), ("delivered", "NG")}
    row(
        f"Receive Maximum {receive_maximum}, connection cut {cuts} times with results under way",
        ALL,
        f"{line.made} results, at most {broker.most_in_flight} in flight; 0 lost, {again} duplicates",
        "test_delivery_brokers.py::test_no_more_is_under_way_than_the_broker_said_also_after_a_reconnect",
        is_long=is_long,
    )


def test_a_result_that_the_broker_refuses_stays_until_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    monkeypatch.setattr("edgevision.mqtt.results.REFUSED_AGAIN_S", 0.2)
    parts = 2000 if is_long else 100
    broker = AckingBroker(20)
    codes = [*REFUSALS, 0, 0, 0, 0]
    broker.reason = lambda number: codes[number % len(codes)]
    with running_line(tmp_path, broker.port) as line:
        line.make(parts)
        line.wait_until_delivered(1200)
        refused = line.publisher.figures.refused
    broker.close()
    assert duplicates(broker.accepted, parts) == 0
    assert broker.connections == 1
    assert refused == len(broker.results) - parts > 0
    assert broker.most_in_flight <= 20
    assert sum(verified(tmp_path / "ledger.db").values()) == parts
    row(
        "PUBACK with error codes (0x97, 0x87, 0x80, 0x95, 0xF3) for five of nine results",
        ALL,
        f"{parts} results, {refused} refusals; 0 lost, 0 accepted twice",
        "test_delivery_brokers.py::test_a_result_that_the_broker_refuses_stays_until_it_is_taken",
        is_long=is_long,
    )


def test_a_connection_that_swallows_everything_is_left_after_the_keepalive(
    tmp_path: Path, is_long: bool
) -> None:
    holes = 20 if is_long else 1
    broker = AckingBroker(20, keepalive_s=1)
    with running_line(tmp_path, broker.port) as line:
        line.start()
        for _ in range(holes):
            seen = len(broker.accepted)
            broker.wait_for(lambda seen=seen: len(broker.accepted) > seen + 20, "results")  # type: ignore[misc]
            broker.is_black_hole = True
            until(lambda: line.client.last_failure, "the silence is noticed")
            assert "keepalive" in line.client.last_error or "answer" in line.client.last_error
            broker.is_black_hole = False
            until(lambda: line.client.is_connected, "connected again")
        line.wait_until_delivered()
        again = duplicates(broker.accepted, line.made)
    broker.close()
    assert broker.most_in_flight <= 20
    row(
        f"TCP black hole, {holes} times (keepalive 1 s)",
        ALL,
        f"noticed each time; {line.made} results, 0 lost, {again} duplicates",
        "test_delivery_brokers.py::test_a_connection_that_swallows_everything_is_left_after_the_keepalive",
        is_long=is_long,
    )


def test_a_broker_that_is_slower_than_the_line_gets_everything_in_the_end(
    tmp_path: Path, is_long: bool
) -> None:
    parts = 10_000 if is_long else 300
    broker = AckingBroker(5, ack_after_s=0.02)
    with running_line(tmp_path, broker.port) as line:
        line.make(parts)
        broker.wait_for(lambda: len(broker.accepted) > 20, "some results")
        deepest = line.ledger.depth
        broker.ack_after_s = 0.001 if not is_long else 0.02
        line.wait_until_delivered(1200)
    broker.close()
    assert [message["sequence"] for message in broker.accepted] == list(range(1, parts + 1))
    assert broker.most_in_flight == 5
    row(
        "slow broker (20 ms for an acknowledgement)",
        ALL,
        f"{parts} results in order, up to {deepest} waiting, at most 5 in flight; 0 lost, 0 duplicates",
        "test_delivery_brokers.py::test_a_broker_that_is_slower_than_the_line_gets_everything_in_the_end",
        is_long=is_long,
    )
