"""The commands that the pages and recipes of `export/` name are ones that the command lines take.

They train for hours on data that is not here, so that they cannot be run; they are parsed, up to where they
would run.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from edgevision.cli.app import app as device_app
from export.cli.app import app as export_app
from tests.guides import blocks
from tests.repo.files import ROOT

PAGES = ("export/README.md", "export/RESULTS.md")
PROGRAMS = {"python -m export ": export_app, "edgevision ": device_app}
NUMBER = "7"
"""In place of SEED, which stands for any."""
OWN = re.compile(r"(?:export|deploy|edgevision)/[\w./-]+\.(?:yaml|zip)")


def in_blocks(page: str) -> Iterator[str]:
    """Yield the commands that a page has its reader type."""
    for block in blocks(page):
        if block.language == "sh":
            yield from one_line_each(block.text)


def in_recipes() -> Iterator[str]:
    """Yield the commands in the remarks of the training configurations."""
    for file in sorted((ROOT / "export" / "recipes").glob("*.yaml")):
        remarks = re.findall(r"^# *(.*)$", file.read_text(), re.MULTILINE)
        yield from one_line_each("\n".join(remarks))


def one_line_each(text: str) -> Iterator[str]:
    """Yield the lines that start a program of ours, with the lines that go on with them."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith(tuple(PROGRAMS)):
            yield line


def in_sentences(page: str) -> Iterator[str]:
    """Yield the commands, or the beginnings of such, that the text of a page mentions."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    for said in re.findall(r"`([^`]+)`", text):
        line = " ".join(said.split())
        if line.startswith(tuple(PROGRAMS)):
            yield line


def in_table() -> list[str]:
    """Return the first cells of the table of commands of `export/README.md`."""
    (table,) = re.findall(r"^\| command \|.*?\n\n", (ROOT / PAGES[0]).read_text(), re.MULTILINE | re.DOTALL)
    return [f"python -m export {cell}" for cell in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)]


def parser_of(app: typer.Typer) -> Any:
    """Return a command line that does nothing once it has taken its arguments."""
    program = typer.main.get_command(app)
    waiting: list[Any] = [program]
    while waiting:
        command = waiting.pop()
        command.callback = None
        waiting += getattr(command, "commands", {}).values()
    return program


def complaint(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what its program says against a line; nothing when it takes it."""
    start = next(start for start in PROGRAMS if line.startswith(start))
    filled = re.sub(r"\$\([^)]*\)", "found", line[len(start) :])
    filled = re.sub(r"\bSEED\b", NUMBER, filled).replace("[", "").replace("]", "")
    with pytest.raises(SystemExit) as end:
        parser_of(PROGRAMS[start])(shlex.split(filled, comments=True))
    return "" if end.value.code in (0, None) else capsys.readouterr().err


@pytest.mark.parametrize("line", [*in_blocks(PAGES[0]), *in_blocks(PAGES[1]), *in_recipes()])
def test_a_command_is_whole(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not complaint(line, capsys)


@pytest.mark.parametrize("line", [*in_sentences(PAGES[0]), *in_sentences(PAGES[1]), *in_table()])
def test_a_command_that_is_mentioned_exists_with_its_options(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = complaint(line, capsys)

    assert not said or "Missing" in said


def test_the_table_names_every_command() -> None:
    commands: dict[str, Any] = getattr(typer.main.get_command(export_app), "commands", {})
    known = {f"python -m export {name}" for name in commands if name not in ("all", "train")}
    known |= {f"python -m export train {name}" for name in commands["train"].commands}

    assert not [name for name in known if not any(f"{cell} ".startswith(f"{name} ") for cell in in_table())]


@pytest.mark.parametrize("page", PAGES)
def test_files_of_ours_that_are_named_are_there(page: str) -> None:
    named = set(OWN.findall((ROOT / page).read_text()))

    assert named
    assert not [name for name in named if not (ROOT / name).is_file()]
