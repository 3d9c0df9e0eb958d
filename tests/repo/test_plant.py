"""The examples for other programs name only topics and fields that stations publish."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from edgevision.messages import schemas
from edgevision.messages.channels import CHANNELS
from tests.repo.files import ROOT

PLANT = ROOT / "deploy/plant"
FIELDS = {name: set(schema.get("properties", ())) for name, schema in schemas().items()}
MESSAGES = {channel.address.rsplit("/", 1)[1]: channel.message for channel in CHANNELS if channel.is_sent}


def inputs() -> list[dict[str, Any]]:
    content = tomllib.loads((PLANT / "telegraf/telegraf.conf").read_text())
    consumers: list[dict[str, Any]] = content["inputs"]["mqtt_consumer"]
    return consumers


def stored() -> dict[str, set[str]]:
    """Return measurement → fields and tags that Telegraf stores."""
    tables = [one["json_v2"][0] for one in inputs()]
    return {table["measurement_name"]: set(table["object"][0]["included_keys"]) for table in tables}


def dashboard() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PLANT / "grafana/dashboards/edgevision.json").read_text())
    return content


def queries() -> list[str]:
    return [target["query"] for panel in dashboard()["panels"] for target in panel["targets"]]


def nodes() -> list[dict[str, Any]]:
    flow: list[dict[str, Any]] = json.loads((PLANT / "node-red.json").read_text())
    return flow


def address(filter_: str) -> re.Pattern[str]:
    return re.compile(re.escape(filter_).replace(r"\+", "[^/]+"))


def test_telegraf_reads_topics_that_there_are_and_fields_of_their_messages() -> None:
    for consumer in inputs():
        (topic,) = consumer["topics"]
        message = MESSAGES[topic.rsplit("/", 1)[1]]
        assert message is not None
        assert any(address(topic).fullmatch(c.address.replace("{root}", "edgevision")) for c in CHANNELS)
        for parsed in consumer["json_v2"]:
            named = parsed["object"][0]
            keys = {*named["included_keys"], *named["tags"], named["timestamp_key"]}
            assert keys <= FIELDS[message]
            assert {*named["tags"], named["timestamp_key"]} <= set(named["included_keys"])


def test_telegraf_stores_every_figure_of_the_metrics() -> None:
    assert stored()["metrics"] == FIELDS["metrics"] - {"schema", "time"}


def test_the_dashboard_shows_only_what_is_stored() -> None:
    named = 0
    for query in queries():
        (measurement,) = re.findall(r'r\._measurement == "(\w+)"', query)
        fields = re.findall(r'r\._field == "(\w+)"', query)
        tags = re.findall(r"r\.([a-z]\w*)", query)
        kept = re.findall(r"(?:columns|rowKey): \[([^\]]*)\]", query)
        columns = {name for part in kept for name in re.findall(r'"(\w+)"', part) if name[0] != "_"}
        assert fields
        assert {*fields, *tags, *columns} <= stored()[measurement] | {"value"}
        named += len(fields)
    assert named > 10


def test_every_panel_reads_the_provisioned_source() -> None:
    source = yaml.safe_load((PLANT / "grafana/provisioning/datasources/influxdb.yaml").read_text())

    (provisioned,) = source["datasources"]
    assert {panel["datasource"]["uid"] for panel in dashboard()["panels"]} == {provisioned["uid"]}
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_measurements_are_written_into_the_bucket_that_is_read() -> None:
    content = tomllib.loads((PLANT / "telegraf/telegraf.conf").read_text())
    compose = yaml.safe_load((PLANT / "compose.yaml").read_text())

    (output,) = content["outputs"]["influxdb_v2"]
    environment = compose["services"]["influxdb"]["environment"]
    assert output["bucket"] == environment["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert output["organization"] == environment["DOCKER_INFLUXDB_INIT_ORG"]
    assert all(f'from(bucket: "{output["bucket"]}")' in query for query in queries())


def mounted() -> Iterator[tuple[str, str]]:
    services = yaml.safe_load((PLANT / "compose.yaml").read_text())["services"]
    for name, service in services.items():
        for volume in service["volumes"]:
            host, inside = volume.removesuffix(":ro").split(":")
            if host.startswith("./"):
                yield name, host
                assert inside.startswith("/")


@pytest.mark.parametrize(("service", "host"), list(mounted()))
def test_what_a_container_reads_is_here_or_made_by_the_guide(service: str, host: str) -> None:
    made = (PLANT / ".gitignore").read_text().split()

    assert (PLANT / host).exists() or any(host.startswith(f"./{name.rstrip('/')}") for name in made), service


def test_the_flow_listens_to_topics_that_there_are() -> None:
    for node in nodes():
        if node["type"] == "mqtt in" and not node["topic"].startswith("answers/"):
            assert any(
                address(node["topic"]).fullmatch(c.address.replace("{root}", "edgevision")) for c in CHANNELS
            )


def test_the_flow_names_only_fields_that_are_published_and_commands_that_are_understood() -> None:
    read = set(
        re.findall(r"(?:msg\.)?payload\.(\w+)", json.dumps([n for n in nodes() if n["type"] != "debug"]))
    )
    assert "judgement" in read
    assert read <= FIELDS["result"]

    (ask,) = [node for node in nodes() if "msg.topic" in node.get("func", "")]
    given = set(re.findall(r"(\w+):", re.findall(r"msg\.payload = \{(.*?)\}", ask["func"])[0]))
    assert given <= FIELDS["command-trigger"]
    assert re.search(r"edgevision/[\w-]+/cmd/trigger'", ask["func"])


def test_every_wire_of_the_flow_ends_at_a_node() -> None:
    known = {node["id"] for node in nodes()}

    assert {end for node in nodes() for wires in node.get("wires", ()) for end in wires} <= known
    assert len(known) == len(nodes())
