import threading

from edgevision.mqtt.inbox import Inbox


def drained(inbox: Inbox) -> None:
    while (work := inbox.take(0.0)) is not None:
        work()


def test_work_is_done_in_order_and_of_a_key_only_the_newest() -> None:
    inbox, done = Inbox(), list[str]()
    inbox.put(lambda: done.append("old"), "metrics cam1")
    inbox.put(lambda: done.append("settle 1"))
    inbox.put(lambda: done.append("new"), "metrics cam1")
    inbox.put(lambda: done.append("settle 2"))
    drained(inbox)

    assert done == ["settle 1", "new", "settle 2"]
    assert inbox.is_empty


def test_it_does_not_grow_while_nobody_takes() -> None:
    inbox, done = Inbox(), list[int]()
    for number in range(10_000):
        inbox.put(lambda number=number: done.append(number), f"preview cam{number % 2}")  # type: ignore[misc]
    drained(inbox)

    assert done == [9998, 9999]


def test_whoever_waits_is_woken() -> None:
    inbox, got = Inbox(), threading.Event()

    def wait() -> None:
        if inbox.take(60.0) is not None:
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    inbox.put(lambda: None)
    thread.join(60.0)

    assert got.is_set()
