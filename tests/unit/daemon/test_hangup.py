import logging
import threading

import pytest

from edgevision.daemon.commands import Answer, Reply
from edgevision.daemon.hangup import Hangup
from edgevision.daemon.service import Service
from edgevision.health import Beats
from edgevision.host.fake import FakeServiceManager


class Station:
    """A ready station whose reloads are answered by the test."""

    def __init__(self) -> None:
        self.manager = FakeServiceManager()
        self.service = Service(self.manager, Beats(), lambda: 0.0)
        self.service.look(has_first_frame=True, status="")
        self.asked = threading.Event()
        self.replies: list[Reply] = []
        self.hangup = Hangup(self.asked, self._reload, self.service)

    def _reload(self, who: str, reply: Reply) -> None:
        assert who == "SIGHUP"
        self.replies.append(reply)

    def answer(self, code: str, text: str) -> str:
        """Answer the newest reload and return the status after it."""
        answer: Answer = {"ok": code == "done", "code": code, "text": text}
        thread = threading.Thread(target=self.replies[-1], args=(answer,))
        thread.start()
        thread.join()
        self.hangup.look()
        self.service.look(has_first_frame=True, status="Ready")
        return self.manager.told[-1]


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        ("done", "took over log_level", "STATUS=Ready; reloaded: took over log_level"),
        (
            "restart_needed",
            "nothing new; restart for mqtt",
            "STATUS=Ready; reloaded: nothing new; restart for mqtt",
        ),
        ("failed", "line 3: no such key\nsecond", "STATUS=Ready; reload refused: line 3: no such key"),
        ("busy", "a change is under way", "STATUS=Ready; reload refused: a change is under way"),
    ],
)
def test_what_became_of_a_reload_is_part_of_the_status(code: str, text: str, status: str) -> None:
    station = Station()
    station.asked.set()
    station.hangup.look()

    assert station.answer(code, text) == status
    assert station.manager.told.index("RELOADING=1") < len(station.manager.told) - 2
    assert station.manager.count("READY=1") == 2


def test_a_refusal_is_logged_in_full(caplog: pytest.LogCaptureFixture) -> None:
    station = Station()
    station.asked.set()
    station.hangup.look()
    with caplog.at_level(logging.ERROR):
        station.answer("failed", "line 3: no such key\nline 9: no such file")

    assert "the station goes on as it was" in caplog.text
    assert "line 9" in caplog.text


def test_a_second_signal_waits_for_the_answer_to_the_first() -> None:
    station = Station()
    for _ in range(3):
        station.asked.set()
        station.hangup.look()
    assert len(station.replies) == 1

    station.answer("done", "nothing new")
    station.hangup.look()
    assert len(station.replies) == 2
