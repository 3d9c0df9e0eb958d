"""The metrics page: GET /metrics, /healthz and /readyz on the loopback interface.

What is told comes from elsewhere; nothing can be changed here.
"""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus

from edgevision.host.stationfigures import StationFigures
from edgevision.loopback import LoopbackHandler, LoopbackServer
from edgevision.types import Inspected

__all__ = ["MetricsPage"]

Figures = Callable[[], StationFigures]
Metrics = Callable[[], tuple[str, bytes]]


class MetricsPage:
    """The server, and the `InspectionSink` that counts for it. `port` is what it listens on."""

    def __init__(self, port: int, cameras: Sequence[str], figures: Figures) -> None:
        """Listen, and answer nothing yet; port 0 takes a free one. Raises ConfigError.

        Args:
            port: On the loopback interface.
            cameras: Names of all that are counted.
            figures: Asked at each reading.
        """
        from edgevision.host.prometheus import PrometheusFigures  # noqa: PLC0415 - loads slowly, seldom used

        self._counts = PrometheusFigures(cameras, figures)
        self._server = LoopbackServer("metrics_page.port", port, _handler(self._counts.page, figures))
        self.port = self._server.port

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Count the batch."""
        self._counts.commit(batch)

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop()


def _handler(metrics: Metrics, figures: Figures) -> type[LoopbackHandler]:
    """Return a class of handlers, as http.server wants it."""

    class Handler(LoopbackHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
            if not self.is_for_this_host:
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path == "/metrics":
                self.reply(HTTPStatus.OK, *metrics())
            elif self.path == "/healthz":
                now = figures()
                self._tell(now, is_good=now.is_inspecting)
            elif self.path == "/readyz":
                now = figures()
                self._tell(now, is_good=now.is_ready)
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _tell(self, now: StationFigures, *, is_good: bool) -> None:
            told = {"ok": is_good, "station": now.station, "state": now.state, "troubles": now.troubles}
            body = json.dumps(told, ensure_ascii=False).encode()
            self.reply(_status(is_good=is_good), "application/json", body)

    return Handler


def _status(*, is_good: bool) -> HTTPStatus:
    return HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE
