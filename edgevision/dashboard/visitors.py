"""Who a visitor is and whether his own page sent the request. Decides nothing about what he may do."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

from edgevision.dashboard.sessions import Sessions, Tokens
from edgevision.dashboard.settings import DashboardSettings, is_loopback

__all__ = ["COOKIE", "Visitors"]

COOKIE = "edgevision_session"

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


class Visitors:
    """Reads sessions, the header of a reverse proxy, and tokens from requests."""

    def __init__(self, settings: DashboardSettings, sessions: Sessions, tokens: Tokens) -> None:
        """Compose."""
        self._settings = settings
        self._sessions = sessions
        self._tokens = tokens

    @property
    def must_be_known(self) -> bool:
        """Whether only known users may look."""
        return self._settings.has_login

    @property
    def can_sign_in(self) -> bool:
        """Whether there is a page to sign in."""
        return self._settings.password_file is not None

    def user_of(self, request: Request) -> str | None:
        """Return who asks, as far as that is known."""
        header = self._settings.auth_header
        if header is not None:
            peer = request.client.host if request.client else ""
            name = request.headers.get(header, "") if is_loopback(peer) else ""
            return name if _NAME.fullmatch(name) else None
        if self._settings.password_file is not None:
            return self._sessions.user(request.cookies.get(COOKIE, ""))
        return None

    def may_look(self, request: Request) -> bool:
        """Return whether he may see what a station says."""
        return not self.must_be_known or self.user_of(request) is not None

    def know_us_as(self, request: Request) -> bool:
        """Return whether the host asked for can be us.

        On the loopback without login it must be the loopback, so that no web page of somebody else
        reaches the dashboard under a name of its own (DNS rebinding).
        """
        if self._settings.has_login or not is_loopback(self._settings.host):
            return True
        return is_loopback(request.url.hostname or "")

    def used_our_page(self, request: Request) -> bool:
        """Return whether a request that changes something came from a page of this dashboard."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return False
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return False
        session = request.cookies.get(COOKIE, "")
        return self._tokens.fits(session, request.headers.get("x-csrf-token", ""))
