import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.config.problems import Place
from edgevision.config.yamlfile import YamlFile, read_yaml
from edgevision.errors import ConfigError


def read(folder: Path, content: str | bytes) -> YamlFile:
    path = folder / "settings.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_yaml(path)


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, content)
    return str(caught.value)


def test_values_keep_their_line_and_column(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  - c: x\n  - d: [1, 2]\n")

    assert document.values == {"a": 1, "b": [{"c": "x"}, {"d": [1, 2]}]}
    assert document.place_of(("b", 0, "c")) == Place(3, 5)
    assert document.place_of(("b", 1, "d", 1)) == Place(4, 12)


def test_what_does_not_stand_in_the_file_is_placed_at_what_it_belongs_to(tmp_path: Path) -> None:
    document = read(tmp_path, "a:\n  b: 1\n")

    assert document.place_of(("a", "missing")) == Place(1, 1)
    assert document.place_of(()) == Place(1, 1)


def test_an_alias_repeats_a_value_and_has_places_of_its_own(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &box\n  x: 1\nb: *box\n")

    assert document.values == {"a": {"x": 1}, "b": {"x": 1}}
    assert document.place_of(("b",)) == Place(3, 1)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\n").values == {"a": 1}


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("- a\n- b\n", 1, "got a list"),
        ("just words\n", 1, "got a single value"),
        ("a: 1\nb:\n\tc: 2\n", 3, "tab"),
        ("a: 1\nb: c: d\n", 2, "not allowed here"),
        ('a: 1\nb: "open\nc: 2\n', 4, "begun in line 2"),
        ("a: 1\n---\nb: 2\n", 2, "single document"),
        ("a: 1\nb: \x07\n", 2, "U+0007"),
        (b"a: 1\nb: caf\xe9\n", 2, "UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "UTF-8"),
        ("a: 1\nb: *nowhere\n", 2, "undefined alias"),
    ],
)
def test_text_that_is_no_mapping_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, line: int, words: str
) -> None:
    message = refusal(tmp_path, content)

    assert message.startswith(f"{tmp_path / 'settings.yaml'}:{line}:")
    assert words in message


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "given twice, first in line 1"),
        ("a: {x: 1, x: 2}\n", 1, "given twice"),
        ("a: &b {x: 1}\nc:\n  <<: *b\n", 3, "merge keys"),
        ("on: 1\n", 1, "put it in quotes"),
        ("? [a, b]\n: 1\n", 1, "expected text as a key"),
        ("a: .nan\n", 1, "finite"),
        ('a: "x\\0y"\n', 1, "U+0000"),
        ("a: 2024-13-45\n", 1, "put the value in quotes"),
        ("a: !!python/object/apply:os.getcwd []\n", 1, "tag"),
        ("a: !secret x\n", 1, "tag !secret"),
    ],
)
def test_traps_of_yaml_are_problems_at_their_line(
    tmp_path: Path, content: str, line: int, words: str
) -> None:
    problems = read(tmp_path, content).problems

    assert [problem.place.line for problem in problems] == [line]
    assert words in problems[0].text


def test_all_traps_of_a_file_are_found_at_once(tmp_path: Path) -> None:
    problems = read(tmp_path, "a: .inf\non: 1\nb: 2\nb: 3\n").problems

    assert sorted(problem.place.line for problem in problems) == [1, 2, 4]


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]

    assert "aliases" in refusal(tmp_path, "\n".join(lines))


def test_an_alias_inside_itself_is_refused(tmp_path: Path) -> None:
    assert "aliases" in refusal(tmp_path, "a: &a [*a]\n")


def test_nesting_that_would_exhaust_the_stack_is_refused(tmp_path: Path) -> None:
    assert "levels deep" in refusal(tmp_path, "a: " + "[" * 100_000)


def test_a_file_over_one_megabyte_is_refused(tmp_path: Path) -> None:
    assert "1 MB" in refusal(tmp_path, "# " + "x" * 1_000_000)


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="got a folder"):
        read_yaml(tmp_path)
    with pytest.raises(ConfigError, match="no such file"):
        read_yaml(tmp_path / "absent.yaml")


@settings(deadline=None)
@given(content=st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!?|>'\"#\n\t 1.", max_size=80))
def test_any_content_is_either_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    with contextlib.suppress(ConfigError):
        assert isinstance(read(folder, content).values, dict)
