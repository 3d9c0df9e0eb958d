from pathlib import Path

import pytest

from edgevision.cli.outputs import keep_apart
from edgevision.errors import UsageError


def test_files_of_their_own_are_fine(tmp_path: Path) -> None:
    keep_apart([tmp_path / "in", "sample:1"], [tmp_path / "out", None, tmp_path / "page.html", None])


def test_nothing_is_written_over_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is an input of this command"):
        keep_apart([tmp_path / "part.png"], [None, tmp_path / "folder" / ".." / "part.png"])


def test_two_outputs_need_two_places(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is named for two outputs"):
        keep_apart([], [tmp_path / "out", tmp_path / "out"])


def test_a_file_of_an_input_folder_is_not_written_over_but_a_new_one_may_lie_there(tmp_path: Path) -> None:
    (tmp_path / "part.png").touch()

    keep_apart([tmp_path], [tmp_path / "results.jsonl"])
    with pytest.raises(UsageError, match=r"part\.png: is a file of an input folder"):
        keep_apart([tmp_path], [tmp_path / "part.png"])


@pytest.mark.parametrize("read", ["parts", "parts/part1.PNG"])
def test_pictures_are_not_written_where_pictures_are_read(tmp_path: Path, read: str) -> None:
    keep_apart([tmp_path / read, tmp_path / "recipe.yaml"], [], [tmp_path / "parts/masks", tmp_path])
    with pytest.raises(UsageError, match="parts: holds pictures that this command reads"):
        keep_apart([tmp_path / read], [], [tmp_path / "masks/../parts"])


def test_links_in_a_circle_are_left_to_whoever_opens_them(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)

    keep_apart([circle], [tmp_path / "out"])
    with pytest.raises(UsageError, match="is an input of this command"):
        keep_apart([circle], [circle])
