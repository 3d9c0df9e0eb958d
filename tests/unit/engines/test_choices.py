import json
import logging
from pathlib import Path

import pytest

from edgevision.engines.choices import ChoiceFile, Measurement, default_cache_dir
from edgevision.errors import OutputError

FAST = Measurement(engine="openvino", provider="cpu", precision="int8", provider_used="cpu", median_ms=4.5)
REFUSED = Measurement(engine="onnxruntime", provider="cpu", precision="int8", excluded="golden samples")


def test_what_was_written_is_read_by_its_key(tmp_path: Path) -> None:
    ChoiceFile(tmp_path / "new").write("a", (FAST, REFUSED))
    ChoiceFile(tmp_path / "new").write("b", (FAST,))
    file = ChoiceFile(tmp_path / "new")
    assert (file.read("a"), file.read("b"), file.read("c")) == ((FAST, REFUSED), (FAST,), ())
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["engines.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 2}', '{"choices": {"a": [{}]}}'])
def test_a_damaged_file_is_ignored_with_a_warning_and_replaced(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "engines.json"
    path.write_text(text)
    file = ChoiceFile(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert file.read("a") == ()
    assert str(path) in caplog.text
    file.write("a", (FAST,))
    assert file.read("a") == (FAST,)


def test_a_file_of_a_newer_version_is_told_in_one_short_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = FAST.model_dump() | {"watts": 3.0}
    choices = {str(index): [newer] * 12 for index in range(64)}
    (tmp_path / "engines.json").write_text(json.dumps({"schema_version": 2, "choices": choices}))
    with caplog.at_level(logging.WARNING):
        assert ChoiceFile(tmp_path).read("0") == ()
    (record,) = caplog.records
    said = record.getMessage().removeprefix(str(tmp_path))
    assert "of another version" in said
    assert "schema_version" in said
    assert "\n" not in said
    assert len(said) < 200


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"not remembered \(.+\) and is measured again at each start"):
        ChoiceFile(tmp_path / "file" / "cache").write("a", (FAST,))


def test_another_user_can_read_what_was_kept_for_him(tmp_path: Path) -> None:
    ChoiceFile(tmp_path).write("a", (FAST,))
    assert ChoiceFile(tmp_path).path.stat().st_mode & 0o777 == 0o644


def test_the_oldest_choices_are_forgotten(tmp_path: Path) -> None:
    file = ChoiceFile(tmp_path)
    for index in range(70):
        file.write(str(index), (FAST,))
    assert file.read("0") == ()
    assert file.read("69") == (FAST,)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"CACHE_DIRECTORY": "/var/cache/edgevision", "HOME": "/root"}, "/var/cache/edgevision"),
        ({"CACHE_DIRECTORY": "/a:/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/root"}, "/x/edgevision"),
        ({"HOME": "/home/u"}, "/home/u/.cache/edgevision"),
    ],
)
def test_the_cache_folder_is_systemds_or_the_users(environment: dict[str, str], expected: str) -> None:
    assert default_cache_dir(environment) == Path(expected)
