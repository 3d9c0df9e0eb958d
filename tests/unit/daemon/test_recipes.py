"""Which names of recipes a command may give."""

from pathlib import Path

import pytest

from edgevision.daemon.recipes import recipe_in
from edgevision.errors import UsageError


@pytest.mark.parametrize("name", ["gone.yaml", "../out.yaml", "outside.yaml", "circle.yaml", "folder.yaml"])
def test_a_name_that_is_no_file_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    recipes = tmp_path / "recipes"
    (recipes / "folder.yaml").mkdir(parents=True)
    (tmp_path / "out.yaml").write_text("schema: edgevision.recipe/1")
    (recipes / "outside.yaml").symlink_to(tmp_path / "out.yaml")
    (recipes / "circle.yaml").symlink_to(recipes / "circle.yaml")

    with pytest.raises(UsageError, match="expected a file name there"):
        recipe_in(recipes, name)
