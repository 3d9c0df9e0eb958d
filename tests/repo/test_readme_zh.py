"""The Chinese README has the shape, commands and figures of the English one."""

import re

import pytest

from tests.repo.files import ROOT

ENGLISH, CHINESE = ((ROOT / name).read_text() for name in ("README.md", "README.zh.md"))


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", without_blocks(text), re.MULTILINE)]


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """Return the lines of all blocks, without their remarks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line.split("#")[0].rstrip() for block in blocks for line in block.splitlines()]


def first_cells(text: str) -> list[list[str]]:
    """Return the code in the first cell of each row of the tables."""
    rows = re.findall(r"^\| (`[^|]*?(?:\\\|[^|]*?)*) \|", text, re.MULTILINE)
    return [re.findall(r"`([^`]+)`", row) for row in rows]


def figures(text: str) -> list[str]:
    """Return the numbers in the rows of the tables, in no order: languages differ in theirs."""
    rows = re.findall(r"^\|.*$", text, re.MULTILINE)
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", "\n".join(rows)))


def links(text: str) -> set[str]:
    return set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.zh.md"}


@pytest.mark.parametrize("part", [headings, commands, first_cells, figures, links])
def test_both_say_the_same(part: object) -> None:
    assert callable(part)
    assert part(CHINESE) == part(ENGLISH)


def test_each_leads_to_the_other() -> None:
    assert "(README.zh.md)" in ENGLISH
    assert "(README.md)" in CHINESE
