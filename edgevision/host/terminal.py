"""Verdicts for people at a terminal: one line each, with the running counts. A sink."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from edgevision.tally import Tally
from edgevision.types import Inspected, Inspection, Judgement

__all__ = ["VerdictLines"]

_STYLES = {Judgement.OK: "green", Judgement.NG: "bold red", Judgement.ND: "bold yellow"}
_WINDOW_NS = 5_000_000_000


class VerdictLines:
    """Prints each inspection of all cameras; `console` decides about colour."""

    def __init__(self, console: Console, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Count from zero; `now_ns` is a monotonic clock."""
        self._console = console
        self._now_ns = now_ns
        self._started_ns: int | None = None
        self._tally = Tally()
        self._guard = threading.Lock()

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Print the batch."""
        with self._guard:
            for inspected in batch:
                now_ns = self._now_ns()
                self._tally.add(inspected.inspection, now_ns)
                line = self._verdict(inspected.inspection).append_text(self._counts(now_ns))
                self._console.print(line, soft_wrap=True)

    def _verdict(self, inspection: Inspection) -> Text:
        judgement = inspection.verdict.judgement
        reasons = "; ".join(reason.text for reason in inspection.verdict.reasons) or "no defect"
        number = inspection.trigger_id if inspection.frame_id is None else inspection.frame_id
        part = inspection.part_id or f"{inspection.camera} #{number}"
        clock = datetime.fromtimestamp(inspection.wall_ns / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3]
        return Text.assemble(
            (clock, "dim"), "  ", part, "  ", (f"{judgement.value:<2}", _STYLES[judgement]), "  ", reasons
        )

    def _counts(self, now_ns: int) -> Text:
        if self._started_ns is None:
            self._started_ns = now_ns
        window_ns = now_ns - _WINDOW_NS
        latencies_ms = sorted(latency / 1e6 for latency in self._tally.latencies_ns(window_ns))
        counts = "  ".join(f"{kind.value} {self._tally.judgements[kind]}" for kind in Judgement)
        rate = f"{self._tally.rate_hz(max(self._started_ns, window_ns), now_ns):.1f}/s"
        return Text(f"  | {counts}  {rate}  {latencies_ms[len(latencies_ms) // 2]:.1f} ms", style="dim")
