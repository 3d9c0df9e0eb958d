"""The web application: pages, files, interface and events behind the guard."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edgevision.dashboard.actions import Actions
from edgevision.dashboard.api import Api
from edgevision.dashboard.events import Events
from edgevision.dashboard.guard import Guard
from edgevision.dashboard.visitors import Visitors

__all__ = ["web_application"]

_STATIC = Path(__file__).parent / "static"
_PAGES = {
    "/": "fleet.html",
    "/results": "results.html",
    "/station/{station}": "station.html",
    "/station/{station}/operator": "operator.html",
    "/inspection/{result_id}": "inspection.html",
    "/login": "login.html",
}


def web_application(api: Api, actions: Actions, events: Events, visitors: Visitors) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            *(Route(path, _page(name)) for path, name in _PAGES.items()),
            *api.routes(),
            *actions.routes(),
            Route("/events", events.serve),
            Route("/healthz", _healthy),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, visitors=visitors)],
    )


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(_request: Request) -> Response:
        return FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})

    return page


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok\n")
