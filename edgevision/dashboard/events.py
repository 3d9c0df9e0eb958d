"""Server-sent events: four times a second each page gets what changed since the last time, in one piece.

Nothing is queued for a page; a slow one simply gets larger pieces, and a gone one costs nothing.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from edgevision.dashboard.plant import Plant

__all__ = ["Events"]

_EVERY_S = 0.25
_HEARTBEAT_S = 5.0
_EXPIRE_S = 10.0
_MAX_PAGES = 200

Json = dict[str, Any]


class Events:
    """Serves the streams of all open pages."""

    def __init__(self, plant: Plant, link: Callable[[], Json], may_go_on: Callable[[Request], bool]) -> None:
        """Compose; `link` tells how the dashboard itself is doing, `may_go_on` whether a page may stay."""
        self._plant = plant
        self._link = link
        self._may_go_on = may_go_on
        self._pages = 0
        self._expired_s = 0.0
        self.is_over = False
        """Set when the program ends, so that no page holds it up."""

    async def serve(self, request: Request) -> Response:
        """Stream the fleet, or the station that the query names."""
        if self._pages >= _MAX_PAGES:
            return JSONResponse({"error": f"{_MAX_PAGES} pages are open already"}, 503)
        stream = self._stream(request, request.query_params.get("station"))
        return StreamingResponse(
            stream,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def news(self, station: str | None, since: int) -> tuple[Json, int]:
        """Return what changed after the change numbered `since`, and the number to ask with next."""
        self._expire()
        with self._plant.locked:
            changed = self._plant.changed
            if station is not None:
                live = self._plant.station(station)
                return (live.changes(since) if live else {}), changed
            tiles = {one.name: one.tile() for one in self._plant.stations() if one.changed > since}
            return ({"stations": tiles} if tiles else {}), changed

    async def _stream(self, request: Request, station: str | None) -> AsyncIterator[str]:
        self._pages += 1
        try:
            since, link, sent_s = 0, None, 0.0
            while not self.is_over and not await request.is_disconnected():
                news, since = self.news(station, since)
                now_link = self._link()
                if now_link != link:
                    news["link"] = link = now_link
                if news:
                    yield f"data: {json.dumps(news, ensure_ascii=False, separators=(',', ':'))}\n\n"
                    sent_s = time.monotonic()
                elif time.monotonic() - sent_s > _HEARTBEAT_S:
                    yield "data: {}\n\n"
                    sent_s = time.monotonic()
                if not self._may_go_on(request):
                    return
                await asyncio.sleep(_EVERY_S)
        finally:
            self._pages -= 1

    def _expire(self) -> None:
        now_s = time.monotonic()
        if now_s - self._expired_s > _EXPIRE_S:
            self._expired_s = now_s
            self._plant.expire()
