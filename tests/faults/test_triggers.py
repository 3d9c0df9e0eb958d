"""Random triggers at line rate, with a camera that hangs and models that are slow: the books balance.

A frame is wrong when it is not the first one that may have been exposed at or after the wanted moment,
and stale when it says itself that it was exposed before that.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from edgevision.capture.live import LiveFeed
from edgevision.capture.slot import FrameTap
from edgevision.daemon.desk import TriggerDesk
from edgevision.inspector import Inspector
from edgevision.ports import Feed
from edgevision.recipe import TriggerRules
from edgevision.tasks.fake import FakeTask
from edgevision.triggered import Receive, TriggeredLane
from edgevision.types import Defect, Frame, Inspected, Judgement, Trigger
from tests.stamped import Stamp, StampedSource, stamp_of
from tests.unit.recipes import RECIPE_REF, make_recipe

PERIOD_S, DELAY_S = 0.005, 0.008
DEADLINE_MS = 150.0
LONG_S = 120.0


@dataclass
class Line:
    """A triggered camera with everything that happened to it."""

    rng: random.Random
    pre_trigger_ms: float
    committed: list[tuple[int, Inspected]] = field(default_factory=list)
    slow: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.source = StampedSource(PERIOD_S, DELAY_S, random.Random(self.rng.random()))
        inspector = Inspector(make_recipe(), RECIPE_REF, [FakeTask(self.look)], "run-1", is_simulated=True)
        self.lane = TriggeredLane(
            self.feed,
            lambda: inspector,
            [self],
            capture_delay_ns=round(DELAY_S * 1e9),
            reach_ns=lambda: round(self.pre_trigger_ms * 1e6),
            max_pending=16,
        )
        rules = TriggerRules(deadline_ms=DEADLINE_MS, pre_trigger_ms=self.pre_trigger_ms)
        self.desk = TriggerDesk("line1", {"cam1": self.lane}, lambda: rules)

    def feed(self, show: Receive) -> Feed:
        return LiveFeed(self.source, "cam1", frozen_after_s=None, handover=FrameTap(show))

    def look(self, _frame: Frame) -> Sequence[Defect]:
        if self.slow.is_set():
            self.slow.clear()
            time.sleep(1.5 * DEADLINE_MS / 1e3)
        return ()

    def commit(self, batch: Sequence[Inspected]) -> None:
        self.committed += [(time.monotonic_ns(), inspected) for inspected in batch]

    def run(self, triggers: int) -> dict[str, int]:
        """Send random triggers, with faults now and then; returns trigger id → time of the accepted."""
        accepted = {}
        self.lane.start()
        for number in range(triggers):
            time.sleep(self.rng.expovariate(1 / (2 * PERIOD_S)))
            if number % 200 == 150:
                self.slow.set()
            if number % 200 == 100:
                self.source.hang.set()
            elif number % 200 == 120:
                self.source.hang.clear()
            requested_ns = time.monotonic_ns()
            if self.desk.fire(f"t{number}", requested_ns)["cam1"] is None:
                accepted[f"t{number}"] = requested_ns
        self.source.hang.clear()
        self.lane.stop()
        self.lane.join()
        return accepted


def first_eligible(taken: Sequence[Stamp], wanted_ns: int) -> Stamp:
    """Return the first frame that was certainly exposed at or after the wanted moment."""
    return next(stamp for stamp in taken if stamp.captured_ns - round(DELAY_S * 1e9) >= wanted_ns)


@pytest.mark.parametrize("pre_trigger_ms", [0.0, 60.0])
def test_every_trigger_gets_one_verdict_on_the_right_frame(pre_trigger_ms: float, is_long: bool) -> None:
    triggers = 10_000 if is_long else 500
    line = Line(random.Random(11), pre_trigger_ms)
    accepted = line.run(triggers)
    counts = line.lane.counts
    verdicts = [inspected for _, inspected in line.committed]

    assert [one.inspection.trigger_id for one in verdicts] == list(accepted)
    judged = Counter(one.inspection.verdict.judgement for one in verdicts)
    assert counts.triggers == len(accepted) == counts.ok + counts.ng + counts.nd
    assert (counts.ok, counts.nd) == (judged[Judgement.OK], judged[Judgement.ND])
    assert counts.triggers_refused == triggers - len(accepted)
    assert len({one.inspection.result_id for one in verdicts}) == len(accepted)
    assert counts.ok > counts.nd > 0
    assert counts.triggers_late > 0
    assert counts.pending == 0

    wrong = stale = 0
    for one in verdicts:
        if one.frame is None:
            continue
        wanted_ns = accepted[str(one.inspection.trigger_id)] - round(pre_trigger_ms * 1e6)
        stamp = stamp_of(one.frame.image_bgr)
        stale += stamp.exposed_ns < wanted_ns
        wrong += stamp.number != first_eligible(line.source.taken, wanted_ns).number
    assert (wrong, stale) == (0, 0)


def test_a_trigger_without_a_verdict_in_time_is_answered_at_its_deadline_though_the_camera_hangs() -> None:
    line = Line(random.Random(5), 0.0)
    done = threading.Event()
    line.lane = TriggeredLane(
        line.feed,
        line.lane._inspector,
        [line, Signal(done)],
        capture_delay_ns=0,
        reach_ns=lambda: 0,
        max_pending=1,
    )
    line.source.hang.set()
    line.lane.start()
    now_ns = time.monotonic_ns()
    trigger = Trigger("t1", "r1", now_ns, time.time_ns(), now_ns + 50_000_000)
    assert line.lane.offer(trigger) is None
    refusal = line.lane.offer(trigger)
    assert done.wait(LONG_S), "no verdict while the camera hangs"
    line.source.hang.clear()
    line.lane.stop()
    line.lane.join()

    assert refusal is not None
    assert refusal.code == "not_ready"
    [(at_ns, verdict)] = line.committed
    assert at_ns >= trigger.deadline_ns
    assert verdict.frame is None
    assert [reason.code for reason in verdict.inspection.verdict.reasons] == ["no_frame"]
    assert line.lane.counts.nd == line.lane.counts.triggers == line.lane.counts.triggers_refused == 1


@dataclass
class Signal:
    """A sink that says that something came."""

    came: threading.Event

    def commit(self, _batch: Sequence[Inspected]) -> None:
        self.came.set()
