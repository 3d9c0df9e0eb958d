from pathlib import Path

import pytest

from edgevision.dashboard.passwords import Passwords, add_user
from edgevision.dashboard.sessions import Guesses, Sessions, Tokens
from edgevision.errors import ConfigError, UsageError

HOUR_S = 3600.0


class Clock:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def test_a_password_is_known_again_and_never_stored(tmp_path: Path) -> None:
    file = tmp_path / "users"
    add_user(file, "ann", "correct horse")
    add_user(file, "bob@plant", "battery staple")
    passwords = Passwords(file)

    assert passwords.is_right("ann", "correct horse")
    assert not passwords.is_right("ann", "battery staple")
    assert not passwords.is_right("eve", "correct horse")
    assert "horse" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_a_new_password_replaces_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "users"
    add_user(file, "ann", "correct horse")
    add_user(file, "ann", "battery staple")

    assert not Passwords(file).is_right("ann", "correct horse")
    assert Passwords(file).is_right("ann", "battery staple")


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "short"), ("a:b", "long enough"), ("", "long enough")]
)
def test_a_name_or_password_that_will_not_do_is_refused(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        add_user(tmp_path / "users", name, password)


@pytest.mark.parametrize("content", ["", "ann:plain text\n", "ann\n", "# nobody\n"])
def test_a_password_file_that_serves_nobody_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "users"
    file.write_text(content)

    with pytest.raises(ConfigError, match="edgevision dashboard-user"):
        Passwords(file)


def test_a_session_ends_when_it_is_not_used() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    secret = sessions.begin("ann")
    clock.s += 1.9 * HOUR_S
    assert sessions.user(secret) == "ann"
    clock.s += 1.9 * HOUR_S
    assert sessions.user(secret) == "ann"
    clock.s += 2.1 * HOUR_S
    assert sessions.user(secret) is None


def test_a_session_ends_after_half_a_day_however_much_it_is_used() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    secret = sessions.begin("ann")
    for _ in range(12):
        clock.s += HOUR_S
        used = sessions.user(secret)

    assert used is None


def test_signing_out_ends_the_session_of_that_browser_only() -> None:
    sessions = Sessions()
    one, two = sessions.begin("ann"), sessions.begin("ann")
    sessions.end(one)

    assert sessions.user(one) is None
    assert sessions.user(two) == "ann"
    assert sessions.user("guess") is None


def test_a_token_fits_its_own_session_and_program_only() -> None:
    tokens = Tokens()

    assert tokens.fits("one", tokens.of("one"))
    assert not tokens.fits("two", tokens.of("one"))
    assert not tokens.fits("one", "")
    assert not Tokens().fits("one", tokens.of("one"))


def test_guessing_is_slowed_down_and_forgiven() -> None:
    clock = Clock()
    guesses = Guesses(3, clock)
    for _ in range(3):
        assert not guesses.are_too_many
        guesses.note_wrong()

    assert guesses.are_too_many
    clock.s += 61.0
    assert not guesses.are_too_many
