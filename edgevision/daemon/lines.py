"""One camera of a running station: its way through the station, and its counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgevision.build import open_feed, open_tapped_feed
from edgevision.config.station import CameraSettings
from edgevision.daemon.records import Records
from edgevision.health import Beat
from edgevision.inspector import Inspector
from edgevision.ports import Feed, InspectionSink
from edgevision.station import Lane
from edgevision.triggered import Receive, TriggeredLane

__all__ = ["Line", "open_line"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One camera with its counts."""

    lane: Lane | TriggeredLane
    records: Records

    @property
    def camera(self) -> str:
        """Name of the camera."""
        return self.lane.feed.camera

    def ending(self) -> Exception | SystemExit | None:
        """Wait for the lane and return what ended it, if anything did."""
        try:
            self.lane.join()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - raised at the end of the daemon's run
            return error
        return None


def open_line(
    camera: CameraSettings,
    inspector: Callable[[], Inspector],
    sinks: Sequence[InspectionSink],
    frames: int | None,
    *,
    reach_ns: Callable[[], int],
    on_change: Callable[[], None],
    beat: Beat,
) -> Line:
    """Return the line of a camera, not started.

    Args:
        camera: Its settings.
        inspector: Gives the inspector of the next frame.
        sinks: Take its inspections, besides its own counts.
        frames: End after so many.
        reach_ns: How far before themselves triggers ask for frames.
        on_change: Called after each trigger and its verdict, where there are triggers.
        beat: Called by each of its threads on every round.

    Raises:
        CaptureError: the address names nothing that can be opened.
        ConfigError: a recording is to be triggered.
    """
    records = Records()
    sinks = (*sinks, records)
    if camera.mode == "continuous":
        return Line(
            Lane(open_feed(camera, frames, beat), inspector, sinks, frames=frames, beat=beat), records
        )

    def feed(show: Receive) -> Feed:
        return open_tapped_feed(camera, show, beat)

    lane = TriggeredLane(
        feed,
        inspector,
        sinks,
        capture_delay_ns=round(camera.capture_delay_ms * 1e6),
        reach_ns=reach_ns,
        max_pending=camera.max_pending,
        frames=frames,
        on_change=on_change,
        beat=beat,
    )
    return Line(lane, records)
