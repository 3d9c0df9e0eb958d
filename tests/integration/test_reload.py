"""A running station that is told to read its recipe again, as a process of its own, on each engine."""

import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgevision.engines.spec import EngineName
from tests.daemons import LONG_S, TOPICS, broker, station_process, wait_until
from tests.mosquitto import needs_mosquitto
from tests.realengines import each_engine
from tests.stations import write_station

pytestmark = [pytest.mark.broker, needs_mosquitto]


def is_of(version: str, result: dict[str, Any]) -> bool:
    return bool(result["recipe_version"] == version)


@each_engine
def test_a_recipe_is_taken_again_and_again_and_then_the_station_ends_in_order(
    tmp_path: Path, engine: EngineName
) -> None:
    with broker() as (mosquitto, subscriber):
        settings = {"name": engine, "precision": "fp32", "threads": 1}
        path = write_station(tmp_path, {"source": "sample:1"}, port=mosquitto.port, engine=settings)
        recipe = tmp_path / "recipe.yaml"
        content = yaml.safe_load(recipe.read_text())
        with station_process(path) as process:
            for version in ("2.0.1", "2.0.2", "2.0.3"):
                subscriber.wait_for(TOPICS.result("cam1"), 1, LONG_S)
                recipe.write_text(yaml.safe_dump(content | {"version": version}))
                process.send_signal(signal.SIGHUP)
                wait_until(subscriber, TOPICS.result("cam1"), partial(is_of, version))
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=LONG_S)
        assert subscriber.wait_for(TOPICS.status, 2) == [b"online", b"stopped"]

    assert (process.returncode, "Traceback" in errors) == (0, False)
