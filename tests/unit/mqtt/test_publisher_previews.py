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


def test_waiting_pictures_of_other_cameras_cost_a_camera_none_of_its_own() -> None:
    cameras = [f"cam{number}" for number in range(1, 9)]
    broker = FakeBroker()
    publisher = Publisher(broker, MemoryOutbox(10), TOPICS)
    broker.connect()
    for jpeg in (b"NG", b"OK"):
        for camera in cameras:
            publisher.preview(camera, jpeg)
    publisher.start()
    publisher.stop(10.0)

    sent = [(message.topic, message.payload) for message in broker.messages]
    assert sent == [(TOPICS.preview(camera), jpeg) for jpeg in (b"NG", b"OK") for camera in cameras]


def test_of_a_camera_only_the_newest_pictures_wait() -> None:
    broker = FakeBroker()
    publisher = Publisher(broker, MemoryOutbox(10), TOPICS)
    broker.connect()
    for number in range(20):
        publisher.preview("cam1", b"%d" % number)
    publisher.start()
    publisher.stop(10.0)

    assert [message.payload for message in broker.messages] == [b"%d" % number for number in range(12, 20)]
