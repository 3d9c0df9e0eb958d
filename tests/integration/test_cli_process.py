import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.stations import COMMAND, run_edgevision

EXAMPLES = Path(__file__).parents[2] / "deploy/examples"


def test_help_works_without_a_terminal_or_a_home() -> None:
    done = run_edgevision("--help", HOME="/nonexistent", TERM="dumb")

    assert done.returncode == 0
    assert "Exit statuses" in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["check", "--help"], ["bundle", "--help"]])
def test_help_and_version_load_no_heavy_library(arguments: list[str]) -> None:
    code = (
        "import sys, edgevision.cli\n"
        f"sys.argv = ['edgevision', *{arguments!r}]\n"
        "try: edgevision.cli.main()\n"
        "finally: print(sorted({'numpy', 'cv2', 'onnxruntime', 'paho'} & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_mistake_in_a_file_is_told_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text((EXAMPLES / "station.yaml").read_text().replace("recipe:", "receipt:"))

    done = run_edgevision("check", str(path))

    assert done.returncode == 78
    assert "receipt: unknown key; did you mean 'recipe'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_messages_have_no_colour_codes_outside_a_terminal() -> None:
    assert "\x1b" not in run_edgevision("check", "/nonexistent.yaml").stderr


def test_a_reader_that_goes_away_ends_the_output_quietly() -> None:
    process = subprocess.Popen([*COMMAND, "schema", "result"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""

    assert process.wait() == 1


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "station.yaml"
    os.mkfifo(fifo)
    # A shell that runs this in the background has Ctrl-C ignored, which children inherit.
    reset = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen([*COMMAND, "check", str(fifo)], stderr=subprocess.PIPE, preexec_fn=reset)  # noqa: PLW1509
    # Opening the other end returns once the command waits for what to read.
    with fifo.open("w"):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert (process.returncode, errors) == (130, b"")
