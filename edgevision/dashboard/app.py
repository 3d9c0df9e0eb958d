"""The web application: pages, files, interface and events behind the guard."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edgevision.dashboard.actions import Actions
from edgevision.dashboard.api import Api
from edgevision.dashboard.events import Events
from edgevision.dashboard.guard import Guard
from edgevision.dashboard.pages import page_routes
from edgevision.dashboard.visitors import Visitors

__all__ = ["web_application"]

_STATIC = Path(__file__).parent / "static"


def web_application(api: Api, actions: Actions, events: Events, visitors: Visitors) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            *page_routes(),
            *api.routes(),
            *actions.routes(),
            Route("/events", events.serve),
            Route("/healthz", _healthy),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, visitors=visitors)],
    )


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok\n")
