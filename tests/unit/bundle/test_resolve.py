from pathlib import Path

import pytest

from edgevision.bundle.resolve import builtin_names, find_bundle
from edgevision.errors import BundleError
from tests.bundles import make_bundle


def test_a_path_is_relative_to_the_folder_of_its_recipe(tmp_path: Path) -> None:
    path = make_bundle(tmp_path / "line.zip")
    assert find_bundle("line.zip", tmp_path) == path
    assert find_bundle(str(path), Path("/elsewhere")) == path


def test_a_path_without_a_file_is_refused_with_the_full_path(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=str(tmp_path / "none.zip")):
        find_bundle("none.zip", tmp_path)


@pytest.mark.parametrize("name", ["no-such", "", "../errors", "/etc/passwd"])
def test_an_unknown_builtin_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not shipped with edgevision; known: "):
        find_bundle(f"builtin:{name}", tmp_path)


def test_every_builtin_is_found(tmp_path: Path) -> None:
    for name in builtin_names():
        assert find_bundle(f"builtin:{name}", tmp_path).is_file()
