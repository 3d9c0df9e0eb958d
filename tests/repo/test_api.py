"""What `deploy` says of the messages is what the code says of them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from edgevision import __version__
from edgevision.cli.schema import schemas
from edgevision.messages import Topics, Verb
from edgevision.messages.asyncapi import asyncapi_document
from edgevision.messages.channels import CHANNELS
from edgevision.messages.reference import mqtt_reference
from tests.repo.files import ROOT

API = ROOT / "deploy/api"
REMEDY = "edgevision schema --all deploy/api; edgevision schema --asyncapi > deploy/api/asyncapi.json"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for key in reference.removeprefix("#/").split("/"):
        node = node[key]
    return node


def test_the_published_schemas_are_those_of_the_code() -> None:
    published = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text())
        for path in API.glob("*.schema.json")
    }

    assert published == schemas(), REMEDY


def test_the_published_asyncapi_document_is_that_of_the_code() -> None:
    assert json.loads((API / "asyncapi.json").read_text()) == asyncapi_document(__version__), REMEDY


def test_everything_that_the_asyncapi_document_refers_to_is_in_it() -> None:
    document = asyncapi_document("1.0.0")

    found = set(references(document))
    assert len(found) > 30
    assert all(resolved(document, reference) for reference in found)


def test_the_mqtt_reference_has_the_tables_of_the_code() -> None:
    text = (ROOT / "deploy/MQTT.md").read_text()

    assert text.endswith(mqtt_reference()), "replace them by: edgevision schema --reference"


def test_every_topic_that_can_be_built_is_in_the_table_of_channels() -> None:
    topics = Topics("{root}", "{station}")
    built = {topics.status, topics.state, topics.info, topics.alarm, topics.commands}
    built |= {topics.command(verb) for verb in Verb} | {topics.answer(verb) for verb in Verb}
    for name in ("result", "last", "metrics", "counters", "snapshot", "preview"):
        built.add(getattr(topics, name)("{camera}"))

    assert {channel.address for channel in CHANNELS} == built


def test_the_readme_tells_every_topic_with_its_quality_of_service() -> None:
    rows = re.findall(r"^\| `(\{root\}\S+)` \| (\d) \| (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    sent = {c.address: c for c in CHANNELS if c.is_sent and not c.address.endswith("/ack")}

    assert {address for address, _, _ in rows} == set(sent)
    for address, qos, retained in rows:
        assert (int(qos), retained == "yes") == (sent[address].qos, sent[address].is_retained), address
