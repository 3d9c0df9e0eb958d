"""Signed-in users, the tokens that prove a request came from our own page, and the limit on guesses. Pure."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Guesses", "Sessions", "Tokens"]

_IDLE_S = 2 * 3600.0
_LONGEST_S = 12 * 3600.0
_MAX_SESSIONS = 1_000


@dataclass(slots=True)
class _Session:
    user: str
    begun_s: float
    used_s: float


class Sessions:
    """Sessions in memory: 2 hours unused or 12 hours in all end one, and so does a restart."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """Begin without any."""
        self._now_s = now_s
        self._guard = threading.Lock()
        self._sessions: dict[str, _Session] = {}

    def begin(self, user: str) -> str:
        """Return the secret of a new session."""
        secret = secrets.token_urlsafe(32)
        now_s = self._now_s()
        with self._guard:
            self._forget_old(now_s)
            while len(self._sessions) >= _MAX_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[secret] = _Session(user, now_s, now_s)
        return secret

    def user(self, secret: str) -> str | None:
        """Return whose session it is, and note that it is in use; None when there is none."""
        now_s = self._now_s()
        with self._guard:
            self._forget_old(now_s)
            session = self._sessions.get(secret)
            if session is None:
                return None
            session.used_s = now_s
            return session.user

    def end(self, secret: str) -> None:
        """End a session."""
        with self._guard:
            self._sessions.pop(secret, None)

    def _forget_old(self, now_s: float) -> None:
        self._sessions = {
            secret: session
            for secret, session in self._sessions.items()
            if now_s - session.used_s < _IDLE_S and now_s - session.begun_s < _LONGEST_S
        }


class Tokens:
    """Tokens against forged requests: a page of another site can neither read nor guess one."""

    def __init__(self) -> None:
        """Draw a key that lives as long as the program."""
        self._key = secrets.token_bytes(32)

    def of(self, session: str) -> str:
        """Return the token that belongs to a session; an empty one for visitors without."""
        return hmac.new(self._key, session.encode(), hashlib.sha256).hexdigest()

    def fits(self, session: str, token: str) -> bool:
        """Return whether the token belongs to the session."""
        return hmac.compare_digest(self.of(session), token)


class Guesses:
    """Allows so many wrong passwords within a minute, whoever tries."""

    def __init__(self, most: int = 10, now_s: Callable[[], float] = time.monotonic) -> None:
        """Begin without any."""
        self._now_s = now_s
        self._wrong_s: deque[float] = deque(maxlen=most)

    @property
    def are_too_many(self) -> bool:
        """Whether nobody may try at the moment."""
        return len(self._wrong_s) == self._wrong_s.maxlen and self._now_s() - self._wrong_s[0] < 60.0

    def note_wrong(self) -> None:
        """Count a wrong password."""
        self._wrong_s.append(self._now_s())
