"""Why the broker cannot be used: name, port, TLS, CONNACK, rights, each told apart and in this order.

A step that fails ends the examination: what comes later cannot be known.
"""

import uuid
from collections.abc import Generator, Iterator

from edgevision.config.station import MqttSettings, Station
from edgevision.doctor.dialogue import Dialogue
from edgevision.doctor.findings import Examination, Finding, failed, fine, refused, warned
from edgevision.doctor.network import check_dns, check_tcp
from edgevision.doctor.tls import check_tls
from edgevision.errors import ConfigError
from edgevision.messages import Topics
from edgevision.mqtt.access import Access, read_access
from edgevision.mqtt.failure import Failure
from edgevision.mqtt.limits import BrokerLimits
from edgevision.mqtt.versions import Version, Versions

__all__ = ["check_broker"]

_SMALL_PACKET_BYTES = 64_000


def check_broker(station: Station) -> Examination:
    """Go the way to the broker step by step, as the station does."""
    settings = station.mqtt
    if settings is None:
        yield fine("broker", "this station publishes nothing")
        return
    try:
        topics = Topics(station.topic_root, station.station)
        access = read_access(settings)
    except ConfigError as error:
        yield refused("broker.settings", error)
        return
    port = settings.port or (1883 if settings.tls is None else 8883)
    if not (yield from _check_way(settings, port, access)):
        return
    client_id = f"{settings.client_id or f'edgevision-{topics.station}'}-doctor"
    dialogue = yield from _check_connack(settings, port, access, client_id)
    if dialogue is None:
        return
    version, talk = dialogue
    try:
        yield from _limit_findings(talk.limits)
        yield from _check_rights(talk, topics, version)
    finally:
        talk.close()


def _check_way(settings: MqttSettings, port: int, access: Access) -> Generator[Finding, None, bool]:
    timeout_s = settings.connect_timeout_s
    addresses = yield from check_dns(settings.host, port, timeout_s)
    if addresses is None:
        return False
    connection = yield from check_tcp(addresses, port, timeout_s)
    if connection is None:
        return False
    with connection:
        return access.tls is None or (yield from check_tls(connection, access.tls, settings.host))


def _check_connack(
    settings: MqttSettings, port: int, access: Access, client_id: str
) -> Generator[Finding, None, tuple[Version, Dialogue] | None]:
    versions, failure = Versions(settings.protocol), None
    for version in versions.candidates():
        talk = Dialogue(version, access, client_id, settings.connect_timeout_s)
        failure = talk.open(settings.host, port)
        if failure is None:
            yield fine("broker.connack", f"speaks MQTT {version.value} with client {client_id}")
            return version, talk
        talk.close()
        if not versions.failed(version, failure):
            break
    assert isinstance(failure, Failure), "there is always a version to try"
    yield refused("broker.connack", failure.text)
    return None


def _limit_findings(limits: BrokerLimits) -> Iterator[Finding]:
    if limits.maximum_qos == 0:
        text = "the broker takes QoS 0 only, so results can be lost on the way"
        yield warned("broker.limits", text, "allow QoS 1 at the broker")
    if not limits.retain_available:
        text = "the broker retains nothing, so state and status are unknown to whoever comes later"
        yield warned("broker.limits", text, "allow retained messages at the broker")
    if limits.maximum_packet_size is not None and limits.maximum_packet_size < _SMALL_PACKET_BYTES:
        text = f"the broker takes {limits.maximum_packet_size} bytes at most, too few for many defects"
        yield warned("broker.limits", text, "raise the maximum packet size at the broker")


def _check_rights(talk: Dialogue, topics: Topics, version: Version) -> Iterator[Finding]:
    """Publish to a topic that nobody else uses, and hear it; ask for the commands, too."""
    tree = f"{topics.root}/{topics.station}"
    commands = talk.subscribe(f"{tree}/cmd/#")
    if commands is None or commands.is_failure:
        said = "no answer" if commands is None else commands.getName()
        remedy = f"allow this user to subscribe to {tree}/cmd/#"
        yield warned("broker.subscribe", f"{tree}/cmd/#: {said}; commands would not arrive", remedy)
    else:
        yield fine("broker.subscribe", f"may subscribe to {tree}/cmd/#")
    topic, payload = f"{tree}/doctor", uuid.uuid4().hex.encode()
    talk.subscribe(topic)
    answer = talk.publish(topic, payload)
    remedy = f"allow this user to publish to {tree}/# in the broker's ACL"
    if answer is None:
        yield failed("broker.publish", f"{topic}: no PUBACK", remedy)
    elif answer.is_failure:
        yield failed("broker.publish", f"{topic}: {answer.getName()}", remedy)
    elif talk.hears(topic, payload):
        yield fine("broker.publish", f"may publish to {topic}, and it arrives")
    else:
        yield _unheard(topic, version, remedy)


def _unheard(topic: str, version: Version, remedy: str) -> Finding:
    if version is Version.V5:
        text = f"{topic} was taken, but does not come back: this user may not read it"
        return warned("broker.publish", text, "nothing, unless commands are to be sent to the station")
    text = f"{topic} was acknowledged, but does not come back; MQTT 3.1.1 does not say whether it was dropped"
    return failed("broker.publish", text, f"{remedy}, and to read it")
