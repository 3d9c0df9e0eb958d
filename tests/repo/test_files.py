import re
import stat
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel

from edgevision.cli import exits
from edgevision.cli.check import check
from edgevision.config.station import Station
from edgevision.recipe import Recipe
from tests.repo.files import ROOT, text_files, tracked_files

MAX_BYTES = 120_000
LARGE = {".zip", ".png", ".gif", ".mp4", ".jpg"}
# Written in pieces, so that this file passes its own test.
MACHINE_PATHS = re.compile("/" + r"(?:work|root|home/\w{2,}|Users/\w{2,}|opt/pypi\S*)/")
REGISTRIES = re.compile(r"(?:pypi|pythonhosted|download\.pytorch)" + r"\.org|--(?:extra-)?index-" + "url")


def places_of(pattern: re.Pattern[str]) -> list[str]:
    hits = ((path, pattern.search(text)) for path, text in text_files())
    return [f"{path.relative_to(ROOT)}: {hit[0]}" for path, hit in hits if hit]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert places_of(MACHINE_PATHS) == []


def test_no_file_names_a_package_registry() -> None:
    assert places_of(REGISTRIES) == []


def test_no_large_file_is_tracked_that_is_no_model_or_picture() -> None:
    found = [path for path in tracked_files() if path.suffix not in LARGE and path.stat().st_size > MAX_BYTES]

    assert found == []


def test_text_files_end_with_one_newline_and_have_no_carriage_returns() -> None:
    def is_clean(text: str) -> bool:
        return "\r" not in text and (not text or (text.endswith("\n") and not text.endswith("\n\n")))

    assert [path for path, text in text_files() if not is_clean(text)] == []


@pytest.mark.parametrize("name", [".ci/run"])
def test_a_command_is_executable(name: str) -> None:
    assert (ROOT / name).stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    "path", sorted((ROOT / "deploy/examples").glob("*.yaml")), ids=lambda path: path.name
)
def test_an_example_passes_its_own_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(path)

    assert capsys.readouterr().out.startswith(f"{path}: fine\n")


def keys_of(model: type[BaseModel]) -> set[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema["$defs"].values()]
    return {key for part in parts for key in part.get("properties", {})}


@pytest.mark.parametrize(("model", "name"), [(Station, "station.yaml"), (Recipe, "surface-crack.yaml")])
def test_an_example_shows_every_key_there_is(model: type[BaseModel], name: str) -> None:
    text = (ROOT / "deploy/examples" / name).read_text()
    shown = set(re.findall(r"[a-z0-9_]+", text))

    assert keys_of(model) - shown == set()


@pytest.mark.parametrize(
    "path", ["tests/run.sh", "deploy/demo.sh", "deploy/install.sh", "tests/systemd/boot.sh"]
)
def test_a_shell_script_is_plain_posix(path: str) -> None:
    assert (ROOT / path).read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", ROOT / path], check=True)


def test_the_readme_tells_every_exit_status() -> None:
    text = (ROOT / "README.md").read_text()
    section = re.search(r"^#+ [^\n]*exit status.*?(?=^#|\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    assert section, "the README needs a section 'Exit statuses' with a table of them"
    told = {int(status) for status in re.findall(r"^\| *`?(\d+)`? *\|", section[0], re.MULTILINE)}

    assert told == set(exits.exit_statuses())
