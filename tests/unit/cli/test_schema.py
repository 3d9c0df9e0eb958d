import json
from pathlib import Path

import jsonschema
import yaml

from tests.unit.cli.conftest import Run

EXAMPLES = Path(__file__).parents[3] / "deploy/examples"
FILES = ["station", "recipe", "bundle", "cascade"]
MESSAGES = ["result", "state", "info", "metrics", "alarm", "counters", "commands"]
MESSAGES += ["command", "command-trigger", "command-recipe", "command-snapshot", "answer", "status"]


def test_the_names_of_all_schemas_are_listed(run: Run) -> None:
    assert run("schema").out.split() == FILES + MESSAGES


def test_every_schema_is_valid_and_identified(run: Run, tmp_path: Path) -> None:
    assert run("schema", "--all", str(tmp_path / "schemas")).status == 0

    written = sorted((tmp_path / "schemas").iterdir())
    assert [path.name for path in written] == sorted(f"{name}.schema.json" for name in FILES + MESSAGES)
    schemas = [json.loads(path.read_text()) for path in written]
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)
    assert len({schema["$id"] for schema in schemas}) == len(schemas)


def test_the_schemas_of_files_accept_the_examples_and_refuse_unknown_keys(run: Run) -> None:
    for name, file in (("station", "station.yaml"), ("recipe", "surface-crack.yaml")):
        validator = jsonschema.Draft202012Validator(json.loads(run("schema", name).out))
        content = yaml.safe_load((EXAMPLES / file).read_text())

        assert validator.is_valid(content)
        assert not validator.is_valid(content | {"nonsense": 1})


def test_keys_are_explained_in_the_schema(run: Run) -> None:
    schema = json.loads(run("schema", "station").out)

    assert "file" in schema["properties"]["recipe"]["description"]


def test_an_unknown_name_is_refused_with_the_known_ones(run: Run) -> None:
    outcome = run("schema", "recipes")

    assert outcome.status == 2
    assert "recipe" in outcome.err


def test_a_folder_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    outcome = run("schema", "--all", str(tmp_path / "file"))

    assert outcome.status == 8
    assert str(tmp_path / "file") in outcome.err
