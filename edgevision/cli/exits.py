"""The exit statuses of the command line, taken from the tree of errors, and the table of them."""

from edgevision import errors

__all__ = ["BUG", "INTERRUPTED", "exit_statuses"]

BUG = 70
"""EX_SOFTWARE of sysexits.h."""
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


def exit_statuses() -> dict[int, str]:
    """Return every exit status with its meaning, in order."""
    statuses = {0: "done", BUG: "a bug in edgevision: please report it", INTERRUPTED: "interrupted (Ctrl-C)"}
    for name in errors.__all__:
        error = getattr(errors, name)
        if "exit_status" in vars(error):
            statuses[error.exit_status] = _meaning(error)
    return dict(sorted(statuses.items()))


def _meaning(error: type[errors.EdgeVisionError]) -> str:
    if error is errors.EdgeVisionError:
        return "anything else, such as output that nobody reads"
    first_line = str(error.__doc__).splitlines()[0].partition(" (")[0].rstrip(".")
    return first_line[:1].lower() + first_line[1:]
