"""Whatever arrives on a command topic is answered once, counted, and does no harm."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.daemon.commands import Commands, Outcome, Request
from edgevision.messages import Command, Topics, Verb, encode
from edgevision.mqtt.commands import CommandChannel
from edgevision.mqtt.fake import FakeBroker
from tests.stations import check_message

LONG_S = 600.0
TOPICS = Topics("edgevision", "line1")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(["id", "by", "part_id", "camera", "recipe", "x"]) | st.text(max_size=8)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", fullmatch=True)
commands = st.dictionaries(keys, json_values | ids, max_size=6) | st.fixed_dictionaries(
    {"id": ids}, optional={"part_id": st.text(), "camera": st.text(), "recipe": st.text(), "by": st.text()}
)
payloads = (
    st.binary(max_size=200)
    | commands.map(lambda command: json.dumps(command).encode())
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.integers(1, 5000).map(lambda depth: b"[" * depth)
    | st.integers(4000, 9000).map(lambda size: b'{"id":"' + b"a" * size + b'"}')
    | st.just(b'{"id":"\\ud800"}')
)


def carried_out(_command: Command, _received_ns: int) -> Outcome:
    return Outcome(ok=True, code="done", text="done")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_every_payload_is_answered_once_and_counted(is_long: bool) -> None:
    handler = Commands("line1", dict.fromkeys(Verb, carried_out), None)
    asked = 0

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([verb for verb in Verb if verb not in (Verb.RECIPE, Verb.RELOAD)]), payloads)
    def fuzz(verb: Verb, payload: bytes) -> None:
        nonlocal asked
        answers: list[Mapping[str, Any]] = []
        handler.handle(Request(verb, payload, 0, "mqtt"), answers.append)
        asked += 1
        [answer] = answers
        check_message("answer", json.loads(encode(answer)))
        counts = handler.counts
        assert counts.accepted + counts.refused + counts.repeated == asked
        assert len(handler._answers) <= 1024
        assert not handler._under_way

    fuzz()
    before, end_s = resident_bytes(), time.monotonic() + LONG_S
    while is_long and time.monotonic() < end_s:
        fuzz()
    assert handler.counts.refused > 0
    assert handler.counts.accepted > 0
    assert resident_bytes() - before < 20 << 20


def test_a_flood_is_dropped_and_counted_and_retained_junk_is_ignored() -> None:
    broker, not_heard = FakeBroker(), list[str]()
    CommandChannel(broker, TOPICS, lambda *_: None, not_heard.append)
    broker.connect()

    for _ in range(1000):
        broker.deliver(TOPICS.command("trigger"), b"{}")
        broker.deliver(TOPICS.command("stop"), b'{"id":"1"}', is_retained=True)

    assert not_heard.count("ignored") == 1000
    assert not_heard.count("dropped") == 1000 - 256
