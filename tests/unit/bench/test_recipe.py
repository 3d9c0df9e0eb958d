from pathlib import Path

from edgevision.bench.recipe import write_recipe
from edgevision.bundle.archive import open_bundle
from edgevision.config.bundles import open_bundles
from tests.bundles import make_bundle


def test_the_recipe_stretches_the_whole_frame_and_allows_no_defect_of_any_label(tmp_path: Path) -> None:
    file = make_bundle(tmp_path / "tiny.zip", labels=("background", "crack", "oil stain"))

    loaded = write_recipe(tmp_path, file, open_bundle(file).manifest)

    (step,) = loaded.recipe.tasks
    assert (step.scaling, step.region) == ("stretch", None)
    assert [(rule.label, rule.max_count) for rule in loaded.recipe.rules] == [("crack", 0), ("oil stain", 0)]


def test_the_recipe_finds_its_bundle_from_another_folder(tmp_path: Path) -> None:
    file = make_bundle(tmp_path / "tiny.zip")
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    loaded = write_recipe(folder, file, open_bundle(file).manifest)

    assert [bundle.sha256 for bundle in open_bundles(loaded)] == [open_bundle(file).sha256]
