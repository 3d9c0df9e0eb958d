"""One camera of the station: its lane, its counts, and the inspector that it uses at present."""

from collections.abc import Sequence

from edgevision.build import Models, open_feed
from edgevision.capture.address import kind_of
from edgevision.config.station import CameraSettings
from edgevision.daemon.records import Records
from edgevision.health import Beat
from edgevision.ports import InspectionSink
from edgevision.station import Lane

__all__ = ["Line"]


class Line:
    """Composes a lane, not started."""

    def __init__(
        self,
        camera: CameraSettings,
        models: Models,
        sinks: Sequence[InspectionSink],
        *,
        run_id: str,
        frames: int | None,
        beat: Beat,
    ) -> None:
        """Compose; the lane ends after `frames` frames when that is given.

        Raises:
            CaptureError: the source's address names nothing.
        """
        self._settings = camera
        self._run_id = run_id
        self.records = Records()
        self.exchange(models)
        feed, sinks = open_feed(camera, frames, beat), (*sinks, self.records)
        self.lane = Lane(feed, lambda: self._inspector, sinks, frames=frames, beat=beat)

    @property
    def camera(self) -> str:
        """Name of the camera."""
        return self._settings.name

    def exchange(self, models: Models) -> None:
        """Inspect with these models from the next frame on; a frame under way keeps the old ones alive."""
        is_simulated = kind_of(self._settings.source) not in ("camera", "url")
        self._inspector = models.inspector(
            self._run_id, px_per_mm=self._settings.px_per_mm, is_simulated=is_simulated
        )

    def ending(self) -> Exception | SystemExit | None:
        """Wait for the lane and return what ended it, if anything did."""
        try:
            self.lane.join()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - raised at the end of the daemon's run
            return error
        return None
