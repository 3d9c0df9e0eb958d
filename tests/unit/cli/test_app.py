from collections.abc import Callable

import pytest

from edgevision import __version__, errors
from edgevision.cli import app, exits
from tests.unit.cli.conftest import Run


def failing(error: BaseException) -> Callable[..., None]:
    def command(**_: object) -> None:
        raise error

    return command


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the whole command line end in an error."""
    return lambda error: monkeypatch.setattr(app, "app", failing(error))


def test_version_says_what_is_installed(run: Run) -> None:
    outcome = run("version")

    assert outcome.status == 0
    assert outcome.out.startswith(f"edgevision {__version__}\npython 3.")
    assert "openvino" in outcome.out


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "EdgeVisionError"])
def test_every_error_of_the_tree_is_one_message_and_its_status(
    run: Run, fail_with: Callable[[BaseException], None], name: str
) -> None:
    error = getattr(errors, name)("camera cam1: expected 60 fps, got 30; lower fps")
    fail_with(error)

    outcome = run()

    assert outcome.err == "edgevision: camera cam1: expected 60 fps, got 30; lower fps\n"
    assert outcome.status == error.exit_status
    assert outcome.status in exits.exit_statuses()


def test_an_unforeseen_error_is_called_a_bug_and_shown_whole(
    run: Run, fail_with: Callable[[BaseException], None]
) -> None:
    fail_with(ZeroDivisionError("odd"))

    outcome = run()

    assert outcome.status == exits.BUG
    assert "ZeroDivisionError: odd" in outcome.err
    assert "please report" in outcome.err


def test_ctrl_c_ends_quietly(run: Run, fail_with: Callable[[BaseException], None]) -> None:
    fail_with(KeyboardInterrupt())

    outcome = run()

    assert (outcome.status, outcome.err) == (exits.INTERRUPTED, "")


@pytest.mark.parametrize("arguments", [["no-such-command"], ["check"], ["version", "--no-such-option"]])
def test_a_wrong_command_line_ends_with_2_and_no_traceback(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)

    assert outcome.status == errors.UsageError.exit_status
    assert "Traceback" not in outcome.err


def test_the_help_lists_every_exit_status(run: Run) -> None:
    text = run("--help").out

    for status in exits.exit_statuses():
        assert f"\n {status:>3}  " in text
