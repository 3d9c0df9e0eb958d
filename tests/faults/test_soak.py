"""The daemon as a process at full rate, with faults at random: nothing is lost and nothing leaks."""

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import pytest

from edgevision.ledger.reader import LedgerReader
from edgevision.messages import Topics
from tests.bundles import dark_part
from tests.faults.breaking import World, break_things, warm_up
from tests.faults.cameras import jpeg, network_camera
from tests.faults.figures import print_row
from tests.faults.process import Sample, Sampler, running_daemon
from tests.mosquitto import Subscriber, needs_mosquitto, running_mosquitto
from tests.stations import write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]

TOPICS = Topics("edgevision", "line1")
CAMERAS = 3
ALWAYS_ON = 2
"""The other camera waits for triggers."""
PATIENCE_S = 120.0
SAMPLE_EVERY_S = 0.5
MAX_SLOPE_MB_PER_H = 1.0
PERSISTENT = "max_queued_messages 0\nmax_inflight_messages 100"


@dataclass(frozen=True)
class Plan:
    """How long, how fast, how bad."""

    run_s: float
    warm_up_s: float
    """Not measured, but with faults: the heaps grow until what any of them leaves fits the gaps of others."""
    fps: float
    fault_max_s: float
    period_s: float
    """Of which the calmest moment counts for the memory."""


SHORT = Plan(run_s=15.0, warm_up_s=0.0, fps=50.0, fault_max_s=1.0, period_s=1.0)
LONG = Plan(run_s=1800.0, warm_up_s=1500.0, fps=100.0, fault_max_s=10.0, period_s=60.0)


class ResultIds(Subscriber):
    """Keeps only which results arrived and how often, and their topics: a long run has very many."""

    def __init__(self, port: int) -> None:
        super().__init__(port, "edgevision/+/+/result", client_id="soak")
        self.arrived: dict[str, int] = {}
        self.topics: set[str] = set()

    def _keep(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        result_id = json.loads(message.payload)["result_id"]
        self.arrived[result_id] = self.arrived.get(result_id, 0) + 1
        self.topics.add(message.topic)


def parts(number: int) -> bytes:
    """Return a noisy part, every fifth one defective."""
    return PARTS[number % len(PARTS)]


def _noisy(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(0, 20, (64, 96, 3), dtype=np.uint8)
    return jpeg(dark_part((96, 64), defective=number % 5 == 0) + noise)


PARTS = [_noisy(number) for number in range(50)]


def calm(samples: list[Sample], period_s: float) -> list[Sample]:
    """Return the sample with the least memory of each period: what waits for a broken broker is not kept."""
    least: dict[int, Sample] = {}
    for sample in sorted(samples, key=lambda each: -each.rss_mb):
        least[int(sample.at_s / period_s)] = sample
    return sorted(least.values(), key=lambda each: each.at_s)


def slope_mb_per_h(samples: list[Sample]) -> tuple[float, float]:
    """Return the slope of the resident memory by least squares, and twice its standard error."""
    hours = np.array([sample.at_s - samples[0].at_s for sample in samples]) / 3600.0
    line, covariance = np.polyfit(hours, [sample.rss_mb for sample in samples], 1, cov=True)
    return float(line[0]), 2.0 * float(np.sqrt(covariance[0, 0]))


def check_books(ledger: Path, arrived: dict[str, int]) -> int:
    """Every result of the ledger arrived, and nothing else; returns how many there were."""
    reader = LedgerReader(ledger)
    assert reader.books().problems == ()
    committed = [json.loads(row.payload)["result_id"] for row in reader.rows() if row.payload]
    assert len(set(committed)) == len(committed)
    assert set(committed) == set(arrived)
    return len(committed)


def test_nothing_is_lost_and_nothing_leaks(tmp_path: Path, is_long: bool) -> None:
    plan = LONG if is_long else SHORT
    ledger, log = tmp_path / "ledger.db", tmp_path / "log"
    with (
        running_mosquitto(PERSISTENT, persistent=True) as broker,
        network_camera(parts, plan.fps) as steady,
        network_camera(parts, fps=25.0) as wild,
        network_camera(parts, fps=25.0) as asked,
        ResultIds(broker.port) as results,
    ):
        station = write_station(
            tmp_path,
            {"source": steady.url},
            {"source": wild.url},
            {"source": asked.url, "mode": "triggered"},
            port=broker.port,
            ledger={"path": str(ledger)},
            commands={"enabled": True},
        )
        with running_daemon(station, log) as process:
            recipe, rng = tmp_path / "recipe.yaml", random.Random(11)
            world = World(process, TOPICS, broker, results, wild, parts, recipe, plan.fault_max_s, rng)
            process.wait_for(lambda _: len(results.arrived) > 100 and len(results.topics) == ALWAYS_ON)
            healthy = process.usual()
            if is_long:
                warm_up(world, time.monotonic() + plan.warm_up_s)
            began_s, already = time.monotonic(), len(results.arrived)
            sampler = Sampler(process)
            sampler.start()
            faults = break_things(world, began_s + plan.run_s)
            sampler.stop()
            samples = calm([each for each in process.samples if each.at_s > began_s], plan.period_s)
            process.wait_for(lambda now: now.files <= healthy.files and now.threads <= healthy.threads)
            assert process.end() == 0, log.read_text()[-3000:]
        total = wait_for_books(ledger, results)
        assert len(results.topics) == CAMERAS
    assert "Traceback" not in log.read_text()
    slope, error = slope_mb_per_h(samples)
    print_row(
        f"soak of {plan.run_s / 60:.1f} min with {faults} faults at random",
        "0 lost, memory slope under 1 MB per hour, file descriptors constant",
        f"{total} results, {(total - already) / (samples[-1].at_s - began_s):.0f} a second, 0 lost, "
        f"{sum(results.arrived.values()) - total} twice; least memory of each {plan.period_s:.0f} s "
        f"{samples[0].rss_mb:.1f} to {samples[-1].rss_mb:.1f} MB, {slope:+.1f} ± {error:.1f} MB per hour"
        f"{'' if is_long else ' (means nothing in so short a time)'}; "
        f"{healthy.files} files and {healthy.threads} threads before and after",
        f"python -m pytest tests/faults/test_soak.py{' --long' if is_long else ''} -s",
    )
    if is_long:
        assert slope < MAX_SLOPE_MB_PER_H


def wait_for_books(ledger: Path, results: ResultIds) -> int:
    """Return the number of results when all of them have come out of the broker, too."""
    deadline = time.monotonic() + PATIENCE_S
    wanted = LedgerReader(ledger).books().total
    while len(results.arrived) < wanted and time.monotonic() < deadline:
        time.sleep(SAMPLE_EVERY_S)
    return check_books(ledger, results.arrived)
