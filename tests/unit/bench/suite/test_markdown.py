from dataclasses import replace

from edgevision.bench.suite.markdown import markdown
from tests.unit.bench.suite.reports import suite_report


def test_the_main_table_says_what_is_required_what_was_measured_and_whether_it_is_met() -> None:
    lines = markdown(suite_report()).splitlines()

    assert "| share | at least 0.93 | 0.90 (0.85 to 0.95) | **missed** |" in lines
    assert "| memory | at most 300 MB | 211 MB (210 to 213) | met |" in lines
    assert r"| live |  | not shown: no broker \| anywhere |  |" in lines


def test_the_heading_names_day_and_machine_and_the_facts_follow() -> None:
    text = markdown(suite_report())

    assert text.startswith("## 2026-11-26, 2 cores of Sample CPU\n")
    assert "avx2, avx512_vnni" in text
    assert "tiny 1.0.0 (abababababab)" in text
    assert "belt.mp4, h264, 1280 x 720, 300 frames" in text


def test_a_video_of_another_kind_is_told_with_how_to_make_the_right_one() -> None:
    right = suite_report()
    wrong = replace(right, video=replace(right.video, codec="FMP4", is_made=True))

    assert "`--video`" not in markdown(right)
    assert "give it by `--video`" in markdown(wrong)
    assert "ffmpeg " in markdown(wrong)


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    lines = [line.replace(r"\|", "") for line in markdown(suite_report()).splitlines()]
    tables = "\n".join(line if line.startswith("|") else "" for line in lines).split("\n\n")

    for table in filter(None, (table.strip() for table in tables)):
        assert len({line.count("|") for line in table.splitlines()}) == 1
