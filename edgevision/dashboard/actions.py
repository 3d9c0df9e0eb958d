"""What pages do: sign in and out, acknowledge alarms, send commands. The guard has checked the origin."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edgevision.dashboard.commands import Commander
from edgevision.dashboard.passwords import Passwords
from edgevision.dashboard.plant import Plant
from edgevision.dashboard.sessions import Guesses, Sessions, Tokens
from edgevision.dashboard.settings import DashboardSettings
from edgevision.dashboard.visitors import COOKIE
from edgevision.errors import UsageError

__all__ = ["Actions"]

_MAX_BODY = 10_000
_NOBODY = "anonymous"


class Actions:
    """The writing half of the interface."""

    def __init__(
        self,
        settings: DashboardSettings,
        plant: Plant,
        commander: Commander | None,
        sessions: Sessions,
        tokens: Tokens,
    ) -> None:
        """Compose; without a commander there are no commands. Raises ConfigError for a bad password file."""
        self._settings = settings
        self._plant = plant
        self._commander = commander
        self._sessions = sessions
        self._tokens = tokens
        self._passwords = Passwords(settings.password_file) if settings.password_file else None
        self._guesses = Guesses()

    def routes(self) -> list[Route]:
        """Return the paths this serves."""
        return [
            Route("/api/me", self.me),
            *(
                Route(path, _with_body(action), methods=["POST"])
                for path, action in (
                    ("/api/login", self.login),
                    ("/api/logout", self.logout),
                    ("/api/stations/{station}/acknowledge", self.acknowledge),
                    ("/api/stations/{station}/commands", self.command),
                )
            ),
        ]

    async def me(self, request: Request) -> Response:
        """Say who asks, what he may do, and the token for his requests."""
        user = request.state.user
        return JSONResponse(
            {
                "user": user,
                "token": self._tokens.of(request.cookies.get(COOKIE, "")),
                "has_login": self._settings.password_file is not None,
                "has_commands": self._commander is not None and user is not None,
                "hours": self._settings.hours,
            }
        )

    async def login(self, request: Request, body: dict[str, str]) -> Response:
        """Begin a session."""
        if self._passwords is None:
            return _refused(404, "there is no login here")
        if self._guesses.are_too_many:
            return _refused(429, "too many wrong passwords; wait a minute")
        name = body.get("user", "")
        if not await run_in_threadpool(self._passwords.is_right, name, body.get("password", "")):
            self._guesses.note_wrong()
            return _refused(403, "wrong name or password")
        answer = JSONResponse({"user": name})
        answer.set_cookie(
            COOKIE,
            self._sessions.begin(name),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def logout(self, request: Request, _body: dict[str, str]) -> Response:
        """End the session."""
        self._sessions.end(request.cookies.get(COOKIE, ""))
        answer = JSONResponse({})
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    async def acknowledge(self, request: Request, body: dict[str, str]) -> Response:
        """Note that somebody has seen an alarm."""
        key = (body.get("camera", ""), body.get("code", ""))
        alarm = self._plant.acknowledge(request.path_params["station"], key, request.state.user or _NOBODY)
        return _refused(404, "there is no such alarm any more") if alarm is None else JSONResponse({})

    async def command(self, request: Request, body: dict[str, str]) -> Response:
        """Send a command to a station; what it says to that comes with its events."""
        user = request.state.user
        if self._commander is None or user is None:
            return _refused(403, "commands are not enabled here")
        try:
            sent = self._commander.send(request.path_params["station"], body, by=user)
        except UsageError as error:
            return _refused(400, str(error))
        return _refused(503, "no connection to the broker") if sent is None else JSONResponse({"id": sent})


Action = Callable[[Request, dict[str, str]], Awaitable[Response]]


def _with_body(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Read the body, a small JSON object of texts, before the action."""

    async def endpoint(request: Request) -> Response:
        body = await _body(request)
        return (
            _refused(400, "expected a small JSON object of texts")
            if body is None
            else await action(request, body)
        )

    return endpoint


async def _body(request: Request) -> dict[str, str] | None:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MAX_BODY:
            return None
    try:
        body: Any = from_json(content)
    except ValueError:
        return None
    is_plain = isinstance(body, dict) and all(isinstance(value, str) for value in body.values())
    return body if is_plain else None


def _refused(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
