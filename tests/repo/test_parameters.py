"""The documents give the parameters of the shipped models as their manifests count them."""

import re
from pathlib import Path

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.resolve import builtin_names, find_bundle
from tests.repo.files import ROOT

each_model = pytest.mark.parametrize("name", builtin_names())


def counted(name: str) -> int:
    parameters = open_bundle(find_bundle(f"builtin:{name}", Path())).manifest.parameters
    assert parameters is not None
    return parameters


@each_model
@pytest.mark.parametrize("document", ["README.md", "README.zh.md"])
def test_the_table_of_models_rounds_the_count_of_the_manifest(document: str, name: str) -> None:
    row = re.search(
        rf"^\| `{name}` \|.*?\| ([0-9]+\.([0-9]+)) M\b", (ROOT / document).read_text(), re.MULTILINE
    )

    assert row is not None
    assert row[1] == f"{counted(name) / 1e6:.{len(row[2])}f}"


@each_model
def test_the_results_give_the_count_of_the_manifest(name: str) -> None:
    text = (ROOT / "export/RESULTS.md").read_text()
    section = re.search(rf"^## {name}(?: \(ships\))?$(.*?)^## ", text, re.MULTILINE | re.DOTALL)

    assert section is not None
    assert f"{counted(name):,} parameters" in section[1]
