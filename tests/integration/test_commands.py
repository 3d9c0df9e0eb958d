"""A triggered station at a real Mosquitto: triggers and commands from outside, with MQTT 5 and 3.1.1."""

import json
import threading
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from edgevision.daemon.run import Daemon
from tests.bundles import make_bundle
from tests.mosquitto import Subscriber, free_port, needs_mosquitto, running_mosquitto
from tests.operators import Operator
from tests.stations import check_message, loaded_station, write_station
from tests.triggeredplants import CAMERA, ENABLED, LONG_S, TOPICS, plant, plant_http

pytestmark = [pytest.mark.broker, needs_mosquitto]


def other_recipe(folder: Path, name: str, **changes: Any) -> str:
    """Write a recipe beside the station's and return its file name."""
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text())
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(recipe | {"name": name} | changes))
    return f"{name}.yaml"


@pytest.mark.parametrize("is_v5", [True, False], ids=["MQTT 5", "MQTT 3.1.1"])
def test_each_trigger_is_acknowledged_and_gets_one_result_with_its_part(tmp_path: Path, is_v5: bool) -> None:
    with plant(tmp_path, is_v5=is_v5) as line:
        for number in range(5):
            answer = line.operator.ask("trigger", id=f"t{number}", part_id=f"SN{number}", camera="cam1")
            assert (answer["ok"], answer["code"], answer["id"]) == (True, "accepted", f"t{number}")
        results = line.messages(TOPICS.result("cam1"), "result", 5)
        counters = line.wait_for(TOPICS.counters("cam1"), "counters", triggers=5, pending=0)
        states = [message["state"] for message in line.messages(TOPICS.state, "state")]

    assert [result["trigger_id"] for result in results] == [f"t{number}" for number in range(5)]
    assert [result["part_id"] for result in results] == [f"SN{number}" for number in range(5)]
    assert counters["ok"] + counters["ng"] + counters["nd"] == 5
    assert "Ready" in states
    assert set(states) <= {"Ready", "SingleExecution", "Halted"}


def test_the_same_command_twice_is_carried_out_once(tmp_path: Path) -> None:
    with plant(tmp_path) as line:
        first = line.operator.ask("trigger", id="t1")
        assert line.operator.ask("trigger", id="t1") == first
        line.messages(TOPICS.result("cam1"), "result", 1)
        line.wait_for(TOPICS.counters("cam1"), "counters", triggers=1, pending=0)
        line.wait_for(TOPICS.commands, "commands", accepted=1, repeated=1)

    assert len(line.heard.payloads(TOPICS.result("cam1"))) == 1


def test_a_halted_station_stays_connected_and_refuses_triggers(tmp_path: Path) -> None:
    with plant(tmp_path) as line:
        assert line.operator.ask("stop", id="c1")["ok"]
        line.wait_for(TOPICS.state, "state", state="Halted")
        refused = line.operator.ask("trigger", id="t1")
        assert line.operator.ask("start", id="c2")["ok"]
        assert line.operator.ask("trigger", id="t2")["ok"]
        line.wait_for(TOPICS.counters("cam1"), "counters", triggers=1, triggers_refused=1, pending=0)

    assert (refused["ok"], refused["code"]) == (False, "halted")
    changes = [(change["who"], change["verb"], change["from"], change["to"]) for change in line.changes]
    assert changes == [("alice", "stop", "running", "halted"), ("alice", "start", "halted", "running")]


def test_the_recipe_changes_between_two_frames_and_the_old_one_stays_when_the_new_one_fails(
    tmp_path: Path,
) -> None:
    with plant(tmp_path) as line:
        good = other_recipe(tmp_path, "second")
        make_bundle(tmp_path / "wrong.zip", labels=("background", "crack", "red"))
        tasks = [{"name": "surface", "bundle": "gone.zip", "scaling": "stretch"}]
        bad = other_recipe(tmp_path, "third", tasks=tasks)
        failed = line.operator.ask("recipe", id="c1", recipe=bad)
        escape = line.operator.ask("recipe", id="c2", recipe="..")
        hidden = line.operator.ask_bytes("recipe", b'{"id":"c3","recipe":"../recipe.yaml"}')
        line.operator.ask("trigger", id="t1")
        done = line.operator.ask("recipe", id="c4", recipe=good)
        line.operator.ask("trigger", id="t2")
        results = line.messages(TOPICS.result("cam1"), "result", 2)
        info = line.wait_for(TOPICS.info, "info", recipe="second")

    assert (failed["code"], failed["ok"]) == ("recipe_failed", False)
    assert "gone.zip" in failed["text"]
    assert (escape["code"], hidden["code"]) == ("bad_payload", "bad_payload")
    assert (done["ok"], done["code"]) == (True, "done")
    assert [result["recipe"] for result in results] == ["dark", "second"]
    assert info["recipe"] == "second"
    assert [change["outcome"].split(":")[0] for change in line.changes] == ["recipe_failed", "done"]


def test_a_snapshot_is_a_picture_of_the_newest_frame(tmp_path: Path) -> None:
    with plant(tmp_path) as line:
        line.operator.ask("trigger", id="t1")
        line.messages(TOPICS.result("cam1"), "result", 1)
        answer = line.operator.ask("snapshot", id="c1")
        [picture] = line.heard.wait_for(TOPICS.snapshot("cam1"), 1, LONG_S)

    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (480, 640, 3)
    assert (answer["ok"], answer["cameras"]) == (True, ["cam1"])


def test_what_can_be_reloaded_is_and_the_rest_is_named(tmp_path: Path) -> None:
    with plant(tmp_path) as line:
        path = tmp_path / "station.yaml"
        settings = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump(settings | {"metrics_every_s": 0.2}))
        taken = line.operator.ask("reload", id="c1")
        line.messages(TOPICS.metrics("cam1"), "metrics", 3)
        path.write_text(yaml.safe_dump(settings | {"metrics_every_s": 0.2, "topic_root": "plant"}))
        refused = line.operator.ask("reload", id="c2")
        path.write_text("schema: nonsense")
        wrong = line.operator.ask("reload", id="c3")

    assert taken["ok"]
    assert "metrics_every_s" in taken["text"]
    assert (refused["code"], "topic_root" in refused["text"]) == ("restart_needed", True)
    assert (wrong["ok"], wrong["code"]) == (False, "failed")


def test_retained_and_unreadable_commands_are_counted_and_do_nothing(tmp_path: Path) -> None:
    with running_mosquitto() as mosquitto, Operator(mosquitto.port, TOPICS) as operator:
        operator.say("stop", b'{"id":"old"}', retain=True)
        path = write_station(tmp_path, CAMERA, port=mosquitto.port, commands=ENABLED)
        daemon, stop = Daemon(*loaded_station(path)), threading.Event()
        thread = threading.Thread(target=daemon.run, args=(stop,))
        with Subscriber(mosquitto.port, "edgevision/#") as heard:
            thread.start()
            heard.wait_for(TOPICS.commands, 1, LONG_S)
            answer = operator.ask_bytes("trigger", b"\xff\xfe{")
            assert operator.ask("trigger", id="t1")["ok"]
            stop.set()
            thread.join(LONG_S)
            assert heard.wait_for(TOPICS.status, 2, LONG_S)[-1] == b"stopped"
            last = json.loads(heard.payloads(TOPICS.commands)[-1])

    assert (answer["ok"], answer["code"], "id" in answer) == (False, "bad_payload", False)
    assert (last["ignored"], last["refused"], last["accepted"]) == (1, 1, 1)


def test_commands_work_again_after_the_broker_was_away(tmp_path: Path) -> None:
    with plant(tmp_path) as line:
        line.operator._ready.clear()
        line.mosquitto.stop()
        line.mosquitto.start()
        line.heard.wait_for(TOPICS.status, 2, LONG_S)
        assert line.operator._ready.wait(LONG_S)
        assert line.operator.ask("trigger", id="t1")["ok"]


def test_a_station_without_commands_hears_none(tmp_path: Path) -> None:
    port = free_port()
    with plant_http(tmp_path, port) as (heard, operator):
        operator.say("stop", b'{"id":"c1"}')
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/trigger",
            data=b'{"id":"h1","part_id":"SN1"}',
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.status == 202
            answer = json.load(response)
        [result] = heard.wait_for(TOPICS.result("cam1"), 1, LONG_S)

    check_message("answer", answer)
    assert (json.loads(result)["trigger_id"], json.loads(result)["part_id"]) == ("h1", "SN1")
    assert heard.payloads(TOPICS.commands) == []
