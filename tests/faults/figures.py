"""What fault tests print: one row each for the table in RESULTS.md."""

__all__ = ["print_row"]


def print_row(fault: str, required: str, measured: str, command: str) -> None:
    """Print a row of the table; `pytest -s` shows it."""
    print(f"\n| {fault} | {required} | {measured} | `{command}` |")  # noqa: T201 - meant for people
