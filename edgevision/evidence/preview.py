"""Small pictures for people who watch: every NG and ND of a camera, and between them its newest OK.

Comments inside the JPEG say whose picture it is and where the outlines run (`messages.preview`).
Encoding has a thread of its own; what comes too fast is left out, the oldest first, and an NG or ND
never for an OK. Nothing of this is kept or counted.
"""

import logging
import math
import threading
import time
from collections import defaultdict, deque
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

_URGENT_SHARE = 0.25
"""An NG or ND waits for this share of the time between two OK at most, so that a bad hour has its bounds."""
_URGENT_WAITING = 4
"""Of one camera, with all their pixels."""


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
        self._waiting: defaultdict[str, _Waiting] = defaultdict(_Waiting)
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Take over what is to be shown; never waits."""
        with self._changed:
            for inspected in batch:
                if inspected.frame is not None:
                    self._waiting[inspected.inspection.camera].put(inspected)
            self._changed.notify()

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
                dues = {camera: one.due_s(self._settings.every_s) for camera, one in self._waiting.items()}
                camera = min(dues, key=dues.__getitem__, default=None)
                wait_s = math.inf if camera is None else dues[camera] - now_s
                if camera is not None and wait_s <= 0:
                    return self._waiting[camera].take(now_s)
                self._changed.wait(None if wait_s == math.inf else wait_s)
        return None

    def _picture(self, inspected: Inspected) -> bytes:
        image = inspected.seen.image_bgr
        height, width = image.shape[:2]
        shrink = max(1.0, width / self._settings.width)
        if shrink > 1.0:
            image = stretch(image, (self._settings.width, max(1, round(height / shrink))))
        return preview_message(jpeg(image, self._settings.jpeg_quality), inspected.inspection, shrink)


class _Waiting:
    """What one camera has to show, and when it showed something last."""

    def __init__(self) -> None:
        self._urgent: deque[Inspected] = deque(maxlen=_URGENT_WAITING)
        self._ok: Inspected | None = None
        self._sent_s = -math.inf

    def put(self, inspected: Inspected) -> None:
        """Queue an NG or ND, which also makes a waiting OK old; of OK keep the newest."""
        if inspected.inspection.verdict.judgement is Judgement.OK:
            self._ok = inspected
        else:
            self._ok = None
            self._urgent.append(inspected)

    def due_s(self, every_s: float) -> float:
        """Return when the next one may be shown; infinity without any."""
        if self._urgent:
            return self._sent_s + every_s * _URGENT_SHARE
        return math.inf if self._ok is None else self._sent_s + every_s

    def take(self, now_s: float) -> Inspected | None:
        """Return the next one."""
        self._sent_s = now_s
        if self._urgent:
            return self._urgent.popleft()
        inspected, self._ok = self._ok, None
        return inspected
