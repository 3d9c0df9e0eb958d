"""A camera that sends MJPEG over HTTP on the loopback interface and notes when each picture left.

One client at a time; every picture bears a barcode of its number.
"""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count, islice
from threading import Thread
from typing import Self

import cv2

from edgevision.bench.clip import pictures
from edgevision.bench.suite.barcode import CODES, painted

__all__ = ["MjpegCamera", "encoded"]

_BOUNDARY = "picture"
_QUALITY = 85
_PICTURES = 16


def encoded(count: int = CODES) -> list[bytes]:
    """Return 720p pictures of the sample line as JPEG, each with the barcode of its index."""
    shown = list(islice(pictures(stands_still=False), _PICTURES))
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    coded = (painted(shown[code % len(shown)], code) for code in range(count))
    return [bytes(cv2.imencode(".jpg", picture, quality)[1]) for picture in coded]


class MjpegCamera:
    """Serves `http://127.0.0.1:port/`; a context manager."""

    def __init__(self, jpegs: Sequence[bytes], fps: float) -> None:
        """Listen on a free port; the pictures are those of `encoded`."""
        self.sent_ns: list[int] = []
        """When each picture left, on the clock that all processes share."""
        camera = self

        class Handler(BaseHTTPRequestHandler):
            """Sends pictures until the client goes."""

            def do_GET(self) -> None:
                """Answer with the stream."""
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
                self.end_headers()
                camera._send(self.wfile.write)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._jpegs, self._period_s = jpegs, 1.0 / fps
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._is_open = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, name="bench-camera", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self._server.shutdown()
        self._server.server_close()

    def _send(self, write: Callable[[bytes], object]) -> None:
        started_s = time.monotonic()
        for index in count():
            time.sleep(max(0.0, started_s + index * self._period_s - time.monotonic()))
            if not self._is_open:
                break
            jpeg = self._jpegs[len(self.sent_ns) % len(self._jpegs)]
            self.sent_ns.append(time.monotonic_ns())
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                write(head.encode() + jpeg + b"\r\n")
            except OSError:
                break
