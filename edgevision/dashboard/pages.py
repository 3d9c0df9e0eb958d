"""The pages: what each shows, inside the frame that all share. Nothing of them depends on data."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

__all__ = ["page_routes"]

_FOLDER = Path(__file__).parent / "pages"
_NAMES = {
    "/": "fleet",
    "/results": "inspections",
    "/station/{station}": "station",
    "/station/{station}/operator": "operator",
    "/inspection/{result_id}": "inspection",
    "/login": "login",
}
"""Of the page, its file here, its module of JavaScript, and its class for the style sheets."""


def page_routes() -> list[Route]:
    """Return a route for each page."""
    frame = Template(_read("frame"))
    return [
        Route(path, _page(frame.substitute(name=name, content=_read(name)))) for path, name in _NAMES.items()
    ]


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.html").read_text("utf-8")


def _page(html: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(_request: Request) -> Response:
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    return page
