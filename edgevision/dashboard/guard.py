"""What every request passes: whether it is answered at all, and the headers of every answer."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgevision.dashboard.visitors import Visitors

__all__ = ["Guard"]

_OPEN_TO_ALL = ("/static/", "/login", "/api/login", "/api/me", "/healthz")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self';"
        " font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, *, visitors: Visitors) -> None:
        """Guard `app`."""
        self._app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        request = Request(scope)
        scope.setdefault("state", {})["user"] = user = self._visitors.user_of(request)
        refusal = self._refusal(request, user)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, request: Request, user: str | None) -> Response | None:
        path = request.url.path
        if not self._visitors.know_us_as(request):
            return _error(421, "this dashboard is not served under that name")
        if self._visitors.must_be_known and user is None and not path.startswith(_OPEN_TO_ALL):
            if path.startswith(("/api/", "/events", "/pictures/")) or not self._visitors.can_sign_in:
                return _error(401, "sign in first")
            return RedirectResponse(f"/login?next={quote(path)}", 303)
        if request.method not in {"GET", "HEAD"} and not self._visitors.used_our_page(request):
            return _error(403, "this request did not come from a page of this dashboard; load the page anew")
        return None


def _add_headers(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(raw=message["headers"])
    for name, value in _HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
    message["headers"] = headers.raw


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
