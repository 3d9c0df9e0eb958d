import pytest

from edgevision.errors import ConfigError
from edgevision.messages import Topics

TOPICS = Topics("edgevision/plant-a/area51", "line1")


def test_topics_of_the_station_and_of_its_cameras() -> None:
    assert TOPICS.status == "edgevision/plant-a/area51/line1/status"
    assert TOPICS.state == "edgevision/plant-a/area51/line1/state"
    assert TOPICS.info == "edgevision/plant-a/area51/line1/info"
    assert TOPICS.alarm == "edgevision/plant-a/area51/line1/alarm"
    assert TOPICS.result("cam1") == "edgevision/plant-a/area51/line1/cam1/result"
    assert TOPICS.last("cam1") == "edgevision/plant-a/area51/line1/cam1/last"
    assert TOPICS.commands == "edgevision/plant-a/area51/line1/commands"
    assert TOPICS.command("stop") == "edgevision/plant-a/area51/line1/cmd/stop"
    assert TOPICS.answer("stop") == "edgevision/plant-a/area51/line1/cmd/stop/ack"
    assert TOPICS.counters("cam1") == "edgevision/plant-a/area51/line1/cam1/counters"
    assert TOPICS.snapshot("cam1") == "edgevision/plant-a/area51/line1/cam1/snapshot"
    assert TOPICS.preview("cam1") == "edgevision/plant-a/area51/line1/cam1/preview"
    assert TOPICS.metrics("cam1") == "edgevision/plant-a/area51/line1/cam1/metrics"


@pytest.mark.parametrize("name", ["", "a+b", "a#", "$SYS", "a b", "a\tb", "a/b", "a\0"])
def test_names_that_break_filters_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="expected a topic name"):
        Topics("edgevision", name)
    with pytest.raises(ConfigError, match="expected a topic name"):
        TOPICS.result(name)


@pytest.mark.parametrize("root", ["", "/edgevision", "edgevision/", "a//b", "a/+/b", "a b"])
def test_a_root_without_proper_levels_is_refused(root: str) -> None:
    with pytest.raises(ConfigError, match="topic_root"):
        Topics(root, "line1")


def test_a_camera_cannot_hide_behind_a_topic_of_the_station() -> None:
    with pytest.raises(ConfigError, match="rename the camera"):
        TOPICS.result("state")
