"""What pages ask for: results, one inspection, charts, pictures. Reading only."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgevision.dashboard.figures import figures
from edgevision.dashboard.lookup import Lookup, Wanted
from edgevision.dashboard.plant import Plant
from edgevision.dashboard.recorder import Recorder
from edgevision.types import Judgement

__all__ = ["Api"]

_MAX_TEXT = 100
_JUDGEMENTS = {judgement.value for judgement in Judgement}
_FOREVER = {"Cache-Control": "private, max-age=86400, immutable"}


class Api:
    """The reading half of the interface."""

    def __init__(self, plant: Plant, recorder: Recorder, lookup: Lookup) -> None:
        """Compose."""
        self._plant = plant
        self._recorder = recorder
        self._lookup = lookup

    def routes(self) -> list[Route]:
        """Return the paths this serves."""
        return [
            Route("/api/results", self.results),
            Route("/api/results/{result_id}", self.result),
            Route("/api/stations/{station}/figures", self.figures),
            Route("/pictures/{result_id}", self.picture),
            Route("/pictures/{station}/{camera}/{number:int}", self.newest_picture),
        ]

    async def results(self, request: Request) -> Response:
        """Find results; `station`, `judgement` (NG,ND), `text` and `before` narrow it down."""
        query = request.query_params
        before = query.get("before", "")
        wanted = Wanted(
            station=query.get("station") or None,
            judgements=[one for one in query.get("judgement", "").split(",") if one in _JUDGEMENTS],
            text=query.get("text", "").strip()[:_MAX_TEXT],
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        )
        return JSONResponse({"results": await self._ask(self._lookup.find, wanted)})

    async def result(self, request: Request) -> Response:
        """Return everything about one inspection."""
        result_id = request.path_params["result_id"]
        found = await self._ask(self._lookup.result, result_id)
        if found is None:
            return _missing(f"no inspection {result_id} in the history of this dashboard")
        return JSONResponse(found | await self._ask(self._lookup.neighbours, result_id))

    async def figures(self, request: Request) -> Response:
        """Return the charts of a station, or of its camera that the query names."""
        camera = request.query_params.get("camera")
        with self._plant.locked:
            live = self._plant.station(request.path_params["station"])
            if live is None:
                return _missing("no such station")
            return JSONResponse(figures(one for one in live.cameras.values() if camera in {None, one.name}))

    async def picture(self, request: Request) -> Response:
        """Return the picture of an NG or ND."""
        jpeg = await self._ask(self._lookup.picture, request.path_params["result_id"])
        return _missing("no picture was kept") if jpeg is None else _jpeg(jpeg)

    async def newest_picture(self, request: Request) -> Response:
        """Return the newest preview of a camera; the number in the path keeps browsers from repeating one."""
        with self._plant.locked:
            live = self._plant.station(request.path_params["station"])
            camera = live.cameras.get(request.path_params["camera"]) if live else None
            picture = camera.picture if camera else None
        if picture is None or picture.number != request.path_params["number"]:
            return _missing("there is a newer picture")
        return _jpeg(picture.jpeg)

    async def _ask(self, look_up: Any, *wanted: object) -> Any:
        """Look up outside of the event loop, with all that has arrived so far."""
        await run_in_threadpool(self._recorder.flush)
        return await run_in_threadpool(look_up, *wanted)


def _jpeg(content: bytes) -> Response:
    return Response(content, media_type="image/jpeg", headers=_FOREVER)


def _missing(text: str) -> Response:
    return JSONResponse({"error": text}, 404)
