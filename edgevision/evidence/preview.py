"""Small pictures for people who watch: the newest of each camera, and not too often.

Comments inside the JPEG say whose picture it is and where the outlines run (`messages.preview`).
Encoding has a thread of its own; a picture that is not sent yet when a newer one
comes is replaced by it, but an NG or ND never by an OK. Nothing of this is kept or counted.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from edgevision.config.evidence import PreviewSettings
from edgevision.evidence.render import jpeg
from edgevision.messages.preview import preview_message
from edgevision.ops.image import stretch
from edgevision.types import Inspected, Judgement

__all__ = ["Previewer"]

_log = logging.getLogger(__name__)

Send = Callable[[str, bytes], None]
"""Gets the camera and the JPEG; must not wait."""


class Previewer:
    """An `InspectionSink` that shows the newest inspection of each camera."""

    def __init__(
        self, settings: PreviewSettings, send: Send, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Compose; nothing is sent before `start`."""
        self._settings = settings
        self._send = send
        self._clock = clock
        self._changed = threading.Condition()
        self._newest: dict[str, Inspected] = {}
        self._due_s: dict[str, float] = {}
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Remember the newest of each camera; never waits."""
        with self._changed:
            for inspected in batch:
                self._remember(inspected)
            self._changed.notify()

    def _remember(self, inspected: Inspected) -> None:
        """Let the newest wait, unless it would push an NG or ND aside for an OK."""
        waiting = self._newest.get(inspected.inspection.camera)
        is_waiting_not_ok = waiting is not None and not _is_ok(waiting)
        if inspected.frame is not None and not (is_waiting_not_ok and _is_ok(inspected)):
            self._newest[inspected.inspection.camera] = inspected

    def close(self, timeout_s: float) -> None:
        """End the thread; what is not sent yet is forgotten. Safe to call twice."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (inspected := self._next()) is not None:
            try:
                self._send(inspected.inspection.camera, self._picture(inspected))
            except Exception:  # noqa: BLE001 - a picture that fails must not end all later ones
                _log.exception("the preview of %s failed", inspected.inspection.camera)

    def _next(self) -> Inspected | None:
        """Wait until a camera has a new picture and may show it; None when closed."""
        with self._changed:
            while not self._is_closed:
                now_s = self._clock()
                waits = {camera: self._due_s.get(camera, now_s) - now_s for camera in self._newest}
                camera = min(waits, key=waits.__getitem__, default=None)
                if camera is not None and waits[camera] <= 0:
                    self._due_s[camera] = now_s + self._settings.every_s
                    return self._newest.pop(camera)
                self._changed.wait(None if camera is None else waits[camera])
        return None

    def _picture(self, inspected: Inspected) -> bytes:
        image = inspected.seen.image_bgr
        height, width = image.shape[:2]
        shrink = max(1.0, width / self._settings.width)
        if shrink > 1.0:
            image = stretch(image, (self._settings.width, max(1, round(height / shrink))))
        return preview_message(jpeg(image, self._settings.jpeg_quality), inspected.inspection, shrink)


def _is_ok(inspected: Inspected) -> bool:
    return inspected.inspection.verdict.judgement is Judgement.OK
