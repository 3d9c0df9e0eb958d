import time

from edgevision.daemon.records import Records
from edgevision.ports import FeedCounters
from tests.inspections import inspected, ng_inspection, ok_inspection

COUNTERS = FeedCounters(frames_read=9, frames_skipped=4, reads_failed=2, reopened=1)


def test_the_figures_of_a_camera_join_what_was_captured_and_what_was_judged() -> None:
    records, since_ns = Records(), time.monotonic_ns()
    records.commit([inspected(ok_inspection(captured_ns=since_ns)), inspected(ng_inspection())])
    records.commit([inspected(ok_inspection(captured_ns=0))])
    figures = records.figures(COUNTERS, since_ns, since_ns + 2_000_000_000)

    assert records.total == 3
    assert (figures.frames, figures.skipped, figures.reads_failed, figures.reopened) == (9, 4, 2, 1)
    assert (figures.ok, figures.ng, figures.nd) == (2, 1, 0)
    assert figures.rate_hz == 1.5
    assert len(figures.latencies_ns) == 3


def test_counts_go_on_while_rate_and_latencies_are_those_of_the_interval() -> None:
    records = Records()
    records.commit([inspected(ok_inspection())])
    now_ns = time.monotonic_ns()
    figures = records.figures(COUNTERS, now_ns, now_ns + 1_000_000_000)

    assert (figures.ok, figures.rate_hz, figures.latencies_ns) == (1, 0.0, [])
