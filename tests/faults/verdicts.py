"""A station in a thread, without a broker, whose verdicts can be waited for."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgevision.daemon.run import Daemon
from edgevision.ports import Feed
from edgevision.types import Inspected, Inspection, Judgement
from tests.stations import loaded_station, write_station

__all__ = ["Verdicts", "code", "codes", "station"]

LONG_S = 60.0


class Verdicts:
    """An observer that keeps every inspection and lets others wait for one."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self.inspections: list[Inspection] = []

    def commit(self, batch: Sequence[Inspected]) -> None:
        with self._arrived:
            self.inspections += [one.inspection for one in batch]
            self._arrived.notify_all()

    def wait_for(self, wanted: Callable[[Inspection], bool]) -> Inspection:
        """Return the next inspection that is wanted, of those that are still to come."""
        with self._arrived:
            first = len(self.inspections)
            found = self._arrived.wait_for(
                lambda: next((one for one in self.inspections[first:] if wanted(one)), None), LONG_S
            )
        assert found is not None, Counter(map(code, self.inspections[first:]))
        return found

    def wait_for_code(self, wanted: str) -> Inspection:
        return self.wait_for(lambda inspection: code(inspection) == wanted)


def code(inspection: Inspection) -> str:
    """Return the first reason of an ND, otherwise the judgement."""
    verdict = inspection.verdict
    return verdict.reasons[0].code if verdict.judgement is Judgement.ND else str(verdict.judgement)


@contextmanager
def station(folder: Path, source: str, **camera: Any) -> Iterator[tuple[Verdicts, Feed]]:
    """Run a station with one camera; gives its verdicts and the camera's feed."""
    verdicts, stop = Verdicts(), threading.Event()
    path = write_station(folder, {"source": source, **camera})
    daemon = Daemon(*loaded_station(path), observers=[verdicts])
    thread = threading.Thread(target=daemon.run, args=(stop,))
    thread.start()
    try:
        yield verdicts, daemon._lines[0].lane.feed
    finally:
        stop.set()
        thread.join(LONG_S)


def codes(verdicts: Verdicts) -> Counter[str]:
    """Count the inspections by their code."""
    return Counter(map(code, verdicts.inspections))
