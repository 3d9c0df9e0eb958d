import gc
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.engines.ownthread import OwnThread
from edgevision.errors import EngineError
from edgevision.ports import Tensor

PICTURE = np.zeros((1, 2, 2, 3), np.uint8)
HANGING = """
from threading import Event, Thread
from edgevision.engines.ownthread import OwnThread
asked = Event()
class Hanging:
    def infer(self, batch):
        asked.set()
        Event().wait()
call = OwnThread(Hanging)
Thread(target=call.infer, args=(None,), daemon=True).start()
asked.wait()
"""


class Witness:
    """A call that notes which thread does what with it."""

    def __init__(self, seen: list[tuple[str, threading.Thread]]) -> None:
        self.seen = seen
        self._note("make")

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        self._note("infer")
        if batch_nhwc.any():
            raise EngineError("the card fell off")
        return (np.ones(1, np.float32),)

    def close(self) -> None:
        self._note("close")

    def _note(self, what: str) -> None:
        self.seen.append((what, threading.current_thread()))


def close(call: OwnThread) -> None:
    call.close()


def forget(_: OwnThread) -> None:
    """Leave it to the collector."""


@pytest.mark.parametrize("end", [close, forget])
def test_one_thread_makes_calls_and_closes_and_then_ends(end: Callable[[OwnThread], None]) -> None:
    seen: list[tuple[str, threading.Thread]] = []
    call = OwnThread(lambda: Witness(seen))
    [answer] = call.infer(PICTURE)

    end(call)
    del call
    gc.collect()

    [thread] = {thread for _, thread in seen}
    thread.join(10)
    assert not thread.is_alive()
    assert [what for what, _ in seen] == ["make", "infer", "close"]
    assert answer.tolist() == [1]


def test_failures_are_those_of_the_call_and_it_goes_on() -> None:
    call = OwnThread(lambda: Witness([]))

    with pytest.raises(EngineError, match="the card fell off"):
        call.infer(PICTURE + 1)

    assert call.infer(PICTURE)
    call.close()


def test_what_cannot_be_made_leaves_no_thread() -> None:
    before = threading.active_count()

    def fail() -> Witness:
        raise EngineError("no room")

    with pytest.raises(EngineError, match="no room"):
        OwnThread(fail)

    gc.collect()
    assert threading.active_count() <= before


def test_a_call_that_hangs_does_not_keep_the_program() -> None:
    subprocess.run([sys.executable, "-c", HANGING], timeout=30, check=True)
