import pytest

from edgevision.mqtt.limits import BrokerLimits, fitted, read_limits
from edgevision.mqtt.packets import packet_size, publish_properties, said_in
from edgevision.ports import Message


def test_a_broker_that_says_nothing_has_the_limits_of_the_standard() -> None:
    assert read_limits({}) == BrokerLimits(65535, None, 2, retain_available=True)


def test_every_limit_of_a_connack_is_read() -> None:
    said = {
        "ReceiveMaximum": 5,
        "MaximumPacketSize": 1000,
        "MaximumQoS": 0,
        "RetainAvailable": 0,
        "ServerKeepAlive": 17,
    }
    assert read_limits(said) == BrokerLimits(5, 1000, 0, retain_available=False, server_keepalive_s=17)


def test_messages_are_fitted_to_the_quality_and_retention_that_the_broker_has() -> None:
    message = Message("a/b", b"{}", qos=1, retain=True)
    assert fitted(message, BrokerLimits()) == message
    assert fitted(message, BrokerLimits(maximum_qos=0)).qos == 0
    assert not fitted(message, BrokerLimits(retain_available=False)).retain


@pytest.mark.parametrize(
    ("payload_bytes", "packet_bytes"), [(0, 9), (120, 129), (121, 131), (16_376, 16_386), (16_377, 16_388)]
)
def test_the_size_of_a_packet_is_exact_at_the_steps_of_its_length_field(
    payload_bytes: int, packet_bytes: int
) -> None:
    message = Message("a/b", b"x" * payload_bytes, qos=1)
    assert packet_size(message, None) == packet_bytes


def test_properties_count_and_json_and_expiry_are_told() -> None:
    message = Message("a/b", b"{}", qos=0, expiry_s=60)
    properties = publish_properties(message)
    said = said_in(properties)
    assert (said["ContentType"], said["MessageExpiryInterval"]) == ("application/json", 60)
    # 1 length, 2 payload format, 3 + 16 content type, 5 expiry
    assert packet_size(message, properties) == packet_size(message, None) + 27


def test_a_plain_word_is_not_called_json() -> None:
    assert "ContentType" not in said_in(publish_properties(Message("a/status", b"online")))
