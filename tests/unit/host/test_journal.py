"""What journald would get: real datagrams of its native protocol."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgevision.host.journal import JournalHandler
from edgevision.messages import alarm_record


def entry(data: bytes) -> dict[str, str]:
    """Decode an entry as journald does."""
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if is_short:
            fields[name.decode()], data = value.decode(), rest
        else:
            length = int.from_bytes(rest[:8], "little")
            fields[line.decode()] = rest[8 : 8 + length].decode()
            assert rest[8 + length : 9 + length] == b"\n"
            data = rest[9 + length :]
    return fields


@contextmanager
def logging_to(folder: Path) -> Iterator[tuple[logging.Logger, socket.socket]]:
    handler = JournalHandler({"EDGEVISION_STATION": "line1"}, folder / "journal")
    log = logging.Logger("edgevision.test")  # noqa: LOG001 - not among the loggers of the other tests
    log.addHandler(handler)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(folder / "journal"))
        journald.settimeout(10.0)
        yield log, journald
    handler.close()


def test_an_alarm_has_the_fields_that_it_is_searched_by(tmp_path: Path) -> None:
    with logging_to(tmp_path) as (log, journald):
        log.error("alarm %s", "camera_lost", extra=alarm_record("camera_lost", active=True, camera="cam1"))
        fields = entry(journald.recv(65536))

    assert fields["MESSAGE"] == "alarm camera_lost"
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("3", "edgevision")
    assert (fields["EDGEVISION_STATION"], fields["EDGEVISION_CAMERA"]) == ("line1", "cam1")
    assert (fields["EDGEVISION_ALARM"], fields["EDGEVISION_ACTIVE"]) == ("camera_lost", "1")
    assert fields["MESSAGE_ID"] == "f38b8b79c15252259688806d7b624b31"


def test_an_error_with_its_traceback_is_one_entry_of_several_lines(tmp_path: Path) -> None:
    with logging_to(tmp_path) as (log, journald):
        try:
            Path("/nowhere").rmdir()
        except OSError:
            log.exception("it broke")
        fields = entry(journald.recv(65536))

    assert fields["MESSAGE"].startswith("it broke\nTraceback")
    assert fields["MESSAGE"].endswith("No such file or directory: '/nowhere'")


def test_without_journald_every_line_goes_to_standard_error_with_its_priority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to(tmp_path) as (log, _):
        (tmp_path / "journal").unlink()
        log.warning("first\nsecond")

    assert capsys.readouterr().err == "<4>first\n<4>second\n"


@pytest.mark.parametrize(("level", "priority"), [(10, "7"), (20, "6"), (30, "4"), (40, "3"), (50, "2")])
def test_levels_become_the_priorities_of_syslog(tmp_path: Path, level: int, priority: str) -> None:
    with logging_to(tmp_path) as (log, journald):
        log.log(level, "something")

        assert entry(journald.recv(65536))["PRIORITY"] == priority
