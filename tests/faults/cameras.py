"""A network camera with every bad habit: an MJPEG server on the loopback that can be told to misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import cv2

from edgevision.types import ImageBgr
from tests.mosquitto import free_port

__all__ = ["NetworkCamera", "Picture", "jpeg", "network_camera"]

Picture = Callable[[int], bytes]
"""From the number of the picture in its connection to what is sent as a picture."""

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\n\r\n"
_TIMEOUT_S = 10.0


def jpeg(image_bgr: ImageBgr) -> bytes:
    """Return the picture as a JPEG."""
    return cv2.imencode(".jpg", image_bgr)[1].tobytes()


class NetworkCamera:
    """Serves `picture(0)`, `picture(1)`, … at `fps` to whoever connects. Switched on when made."""

    def __init__(self, picture: Picture, fps: float = 25.0) -> None:
        self.picture = picture
        self.fps = fps
        self.port = free_port()
        self._closing = threading.Event()
        self._power = threading.Event()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._is_busy = False
        self._threads: list[threading.Thread] = []
        self.switch_on()

    @property
    def url(self) -> str:
        """Where its stream is."""
        return f"http://127.0.0.1:{self.port}/stream"

    def switch_on(self) -> None:
        """Serve again; connections from before get nothing any more."""
        self._power, self._is_busy = threading.Event(), False
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._spawn(self._accept, self._listener)

    def hang_up(self) -> None:
        """Close everything: connections end, new ones are refused."""
        self._power.set()
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for connection in list(self._connections):
            self._drop(connection)

    def fall_silent(self) -> None:
        """Send nothing and close nothing, as when the power is cut; new connections are refused."""
        self._power.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def be_busy(self) -> None:
        """End every connection and refuse the stream, as while starting up."""
        self._power.set()
        self._is_busy = True
        for connection in list(self._connections):
            self._drop(connection)

    def close(self) -> None:
        """End everything."""
        self._closing.set()
        self.hang_up()
        for thread in self._threads:
            thread.join(_TIMEOUT_S)

    def _spawn(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(threading.Thread(target=target, args=(argument,), daemon=True))
        self._threads[-1].start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.add(connection)
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        power = self._power
        with suppress(OSError):
            connection.settimeout(_TIMEOUT_S)
            if not connection.recv(4096):
                return self._drop(connection)
            if self._is_busy:
                connection.sendall(_BUSY)
                return self._drop(connection)
            connection.sendall(_HEAD)
            number = 0
            while not power.wait(1.0 / self.fps):
                picture = self.picture(number)
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                connection.sendall(head.encode() + picture + b"\r\n")
                number += 1
            return None
        return self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        self._connections.discard(connection)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextmanager
def network_camera(picture: Picture, fps: float = 25.0) -> Iterator[NetworkCamera]:
    """Run a camera."""
    camera = NetworkCamera(picture, fps)
    try:
        yield camera
    finally:
        camera.close()
