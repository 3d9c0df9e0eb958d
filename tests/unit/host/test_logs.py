"""In a process of its own: setting up the log replaces the handlers of the whole process."""

import os
import re
import subprocess
import sys

import pytest

from edgevision.host.journal import SOCKET

CODE = """
import logging
from edgevision.host.logs import set_up_logs
set_up_logs({level!r})
log = logging.getLogger("edgevision.test")
log.debug("a detail")
log.info("all is well")
log.warning("mind the %s", "gap")
try:
    raise OSError("gone")
except OSError:
    log.exception("it broke")
log.critical("the end")
"""


def logged(level: str = "info", *, to_journal: bool = False) -> list[str]:
    """Return the lines on standard error of a process that logs at every level."""
    read_end, write_end = os.pipe()
    pipe = os.fstat(write_end)
    stream = f"{pipe.st_dev}:{pipe.st_ino}" if to_journal else "8:12345"
    environment = os.environ | {"JOURNAL_STREAM": stream}
    code = CODE.format(level=level)
    with subprocess.Popen([sys.executable, "-c", code], stderr=write_end, env=environment) as process:
        os.close(write_end)
        with os.fdopen(read_end) as errors:
            text = errors.read()
    assert process.returncode == 0
    return text.splitlines()


@pytest.mark.skipif(SOCKET.exists(), reason="journald runs here and takes the lines")
def test_every_line_for_a_journal_that_does_not_answer_begins_with_its_priority() -> None:
    lines = logged("debug", to_journal=True)

    assert lines[:4] == ["<7>a detail", "<6>all is well", "<4>mind the gap", "<3>it broke"]
    assert lines[4] == "<3>Traceback (most recent call last):"
    assert lines[-2:] == ["<3>OSError: gone", "<2>the end"]


def test_lines_for_people_have_time_and_level_even_where_the_variable_of_another_stream_is_set() -> None:
    lines = logged()

    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO    all is well", lines[0])
    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING mind the gap", lines[1])
    assert not any(line.startswith("<") for line in lines)


def test_nothing_below_the_level_is_said() -> None:
    assert "it broke" in logged("error")[0]
