from edgevision.messages import Topics
from edgevision.mqtt.fake import FakeBroker
from edgevision.mqtt.outbox import MemoryOutbox
from edgevision.mqtt.publisher import Publisher

TOPICS = Topics("edgevision", "line1")


def test_two_pictures_that_wait_for_the_thread_are_both_sent() -> None:
    broker = FakeBroker()
    publisher = Publisher(broker, MemoryOutbox(10), TOPICS)
    broker.connect()
    publisher.preview("cam1", b"first")
    publisher.preview("cam1", b"second")
    publisher.start()
    publisher.stop(10.0)

    assert [sent.payload for sent in broker.messages] == [b"first", b"second"]
