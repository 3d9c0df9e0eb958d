from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install edgevision[export]")

from edgevision.errors import ConfigError
from export.train.config import load_train_config

pytestmark = pytest.mark.export

RECIPES = Path(__file__).parents[3] / "export" / "recipes"

MINIMAL = """\
schema: edgevision.training/1
name: toy
labels: [background, crack]
network: {classes: 2}
data: {kind: sample-line}
optimisation: {epochs: 1, batches_per_epoch: 1}
"""


@pytest.mark.parametrize("name", ["surface-crack", "magnetic-tile"])
def test_the_committed_configurations_are_valid_and_name_no_path(name: str) -> None:
    file = RECIPES / f"{name}.yaml"

    config = load_train_config(file)

    assert config.name == name
    assert "/work" not in file.read_text()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("epochs: 1", "epochs: 0", "epochs"),
        ("name: toy", "name: toy\nspeed: 3", "speed"),
        ("classes: 2", "classes: 3", "expected 2, one per label"),
        ("kind: sample-line", "kind: cloud", "data"),
        ("name: toy", "name: toy\nline_like: [pit]", "not among the labels: pit"),
        ("name: toy", "name: toy\nview: {size_wh: [250, 250]}", "multiples of 16"),
        ("name: toy", "name: toy\nloss: {classes: [1, 2, 3]}", "expected 2 weights"),
    ],
)
def test_a_wrong_configuration_is_refused_with_file_and_key(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(MINIMAL.replace(old, new))

    with pytest.raises(ConfigError, match=complaint) as caught:
        load_train_config(file)

    assert str(file) in str(caught.value)


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_train_config(tmp_path / "none.yaml")
