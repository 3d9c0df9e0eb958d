"""The station as a device of Home Assistant: the discovery message, and who sends it.

Device-based discovery: one retained message describes the device and all its entities, which read the
station's ordinary topics. Home Assistant says `online` on its birth topic when it starts; the message is
then sent again. An empty one takes the device away.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from edgevision import __version__
from edgevision.config.station import Station
from edgevision.messages import MachineState, Status, Topics, encode
from edgevision.mqtt.publisher import Publisher
from edgevision.ports import Broker, Received
from edgevision.types import Judgement

__all__ = ["announce", "device_id", "discovery_message"]

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_BORN = b"online"
_SHORT_REASON = "{{ value_json.reason[:255] }}"
"""A state of Home Assistant has no more characters."""

Entity = dict[str, Any]


def announce(station: Station, topics: Topics, broker: Broker, publisher: Publisher) -> None:
    """Tell Home Assistant of a station, as its settings say; call before the broker is started."""
    settings = station.home_assistant
    if settings is None:
        return
    cameras = [camera.name for camera in station.cameras]
    message = discovery_message(
        topics, cameras, version=__version__, has_previews=station.preview is not None
    )
    topic = f"{settings.prefix}/device/{device_id(topics)}/config"
    say = partial(publisher.retain, topic, encode(message) if settings.enabled else b"")
    broker.subscribe(f"{settings.prefix}/status", partial(_on_status, say))
    say()


def _on_status(say: Callable[[], None], received: Received) -> None:
    if received.payload == _BORN:
        say()


def device_id(topics: Topics) -> str:
    """Return the id of the station's device: letters, digits, _ and -, as Home Assistant wants it."""
    return _NOT_IN_IDS.sub("_", f"{topics.root}_{topics.station}")


def discovery_message(
    topics: Topics, cameras: Sequence[str], *, version: str, has_previews: bool
) -> dict[str, Any]:
    """Return what `{prefix}/device/{device_id}/config` says.

    Args:
        topics: Those of the station.
        cameras: Their names.
        version: Of edgevision.
        has_previews: Whether the station sends previews, which become pictures.
    """
    entities = _of_station(topics)
    for camera in cameras:
        entities |= {f"{camera}_{key}": entity for key, entity in _of_camera(topics, camera).items()}
        if has_previews:
            entities[f"{camera}_preview"] = _preview(topics, camera)
    device = device_id(topics)
    return {
        "dev": {
            "identifiers": [device],
            "name": topics.station,
            "manufacturer": "edgevision",
            "model": "Inspection station",
            "sw_version": version,
        },
        "o": {"name": "edgevision", "sw_version": version},
        "cmps": {
            key: {"unique_id": _NOT_IN_IDS.sub("_", f"{device}_{key}")} | entity
            for key, entity in entities.items()
        },
        "availability": [
            {
                "topic": topics.status,
                "value_template": f"{{{{ 'online' if value == '{Status.ONLINE}' else 'offline' }}}}",
            }
        ],
        "qos": 1,
    }


def _of_station(topics: Topics) -> dict[str, Entity]:
    return {
        "state": _sensor("State", topics.state, "state", device_class="enum", options=list(MachineState)),
        "recipe": _sensor("Recipe", topics.info, "recipe", entity_category="diagnostic"),
    }


def _of_camera(topics: Topics, camera: str) -> dict[str, Entity]:
    last, metrics = topics.last(camera), topics.metrics(camera)
    counts = {
        key: _sensor(f"{camera} {name}", metrics, key, state_class="total_increasing")
        for key, name in (("ok", "OK"), ("ng", "NG"), ("nd", "ND"))
    }
    return counts | {
        "judgement": _sensor(
            f"{camera} judgement", last, "judgement", device_class="enum", options=list(Judgement)
        ),
        "defects": _sensor(f"{camera} defects", last, "defect_count", state_class="measurement"),
        "reason": _sensor(f"{camera} reason", last, "reason", value_template=_SHORT_REASON),
        "rate": _sensor(
            f"{camera} rate", metrics, "rate_hz", unit_of_measurement="Hz", state_class="measurement"
        ),
        "latency": _sensor(
            f"{camera} latency p95",
            metrics,
            "latency_p95_ms",
            device_class="duration",
            unit_of_measurement="ms",
            state_class="measurement",
            entity_category="diagnostic",
        ),
        "outbox": _sensor(
            f"{camera} results waiting",
            metrics,
            "outbox_depth",
            state_class="measurement",
            entity_category="diagnostic",
        ),
    }


def _sensor(name: str, topic: str, field: str, **more: Any) -> Entity:
    """Return a sensor that shows one field of the JSON on a topic, and is unknown where it is absent."""
    template = f"{{{{ value_json.{field} | default(none) }}}}"
    return {"p": "sensor", "name": name, "state_topic": topic, "value_template": template} | more


def _preview(topics: Topics, camera: str) -> Entity:
    return {
        "p": "image",
        "name": f"{camera} picture",
        "image_topic": topics.preview(camera),
        "content_type": "image/jpeg",
    }
