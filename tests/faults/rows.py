"""Rows of RESULTS.md: each fault test prints what it measured as one.

`python -m tests.faults.rows` runs fault tests at their full length and prints only the rows; arguments go
to pytest (`-k delivery`). `--short` runs the short form.
"""

import os
import subprocess
import sys

__all__ = ["row"]

_MARK = "ROW "


def row(fault: str, required: str, measured: str, test: str, *, is_long: bool) -> None:
    """Print a row; `test` is `file.py::name` in this folder."""
    long = " --long" if is_long else ""
    form = "" if is_long else "short form: "
    sys.stdout.write(
        f"\n{_MARK}| {fault} | {required} | {form}{measured} | `pytest tests/faults/{test}{long}` |\n"
    )


def _main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != "--short"]
    form = [] if "--short" in sys.argv else ["--long"]
    command = [sys.executable, "-m", "pytest", "tests/faults", "-q", "-s", *form, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as pytest:
        assert pytest.stdout is not None
        for line in pytest.stdout:
            sys.stdout.flush()
            if line.startswith(_MARK):
                sys.stdout.write(line.removeprefix(_MARK))
            else:
                sys.stderr.write(line)
    return pytest.returncode


if __name__ == "__main__":
    sys.exit(_main())
