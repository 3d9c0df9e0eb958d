from edgevision.mqtt.packets import publish_properties, said_in
from edgevision.ports import Message


def test_a_picture_is_not_called_text() -> None:
    said = said_in(publish_properties(Message("t", b"\xff\xd8\xff\xe0JFIF")))

    assert said == {"PayloadFormatIndicator": 0, "ContentType": "image/jpeg"}


def test_json_is_called_json_and_text_text() -> None:
    assert said_in(publish_properties(Message("t", b"{}")))["ContentType"] == "application/json"
    assert said_in(publish_properties(Message("t", b"online"))) == {"PayloadFormatIndicator": 1}


def test_properties_of_one_message_do_not_come_with_the_next() -> None:
    asked = publish_properties(Message("t", b"{}", correlation_data=b"\x01", expiry_s=60))
    assert set(said_in(asked)) == {
        "PayloadFormatIndicator",
        "ContentType",
        "CorrelationData",
        "MessageExpiryInterval",
    }
    assert said_in(publish_properties(Message("t", b"{}", expiry_s=60)))["MessageExpiryInterval"] == 60
    assert set(said_in(publish_properties(Message("t", b"{}")))) == {"PayloadFormatIndicator", "ContentType"}
