"""A network camera for tests: an HTTP server on the loopback that sends numbered pictures by a script."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2

from tests.videos import numbered

__all__ = ["PASSWORD", "MjpegCamera", "serving"]

PASSWORD = "p@ss/w:rd#1"
_LONG_S = 30.0


@dataclass
class MjpegCamera:
    """A network camera: what each connection does is scripted, the last one repeats.

    A connection sends its numbered pictures, then waits for `go_on` if it stalls, then ends.
    """

    connections: list[tuple[range, bool]]
    go_on: threading.Event = field(default_factory=threading.Event)
    served: int = 0
    url: str = ""

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        pictures, stalls = self.connections[min(self.served, len(self.connections) - 1)]
        self.served += 1
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        for index in pictures:
            jpeg = cv2.imencode(".jpg", numbered(index))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            request.wfile.write(head.encode() + jpeg + b"\r\n")
        if stalls:
            self.go_on.wait(_LONG_S)


@contextmanager
def serving(camera: MjpegCamera) -> Iterator[MjpegCamera]:
    expected = "Basic " + base64.b64encode(f"bob:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/private") and self.headers["Authorization"] != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            with suppress(ConnectionError):
                camera.serve(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    camera.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield camera
    finally:
        camera.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
