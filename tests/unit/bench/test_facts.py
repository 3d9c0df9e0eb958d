from pathlib import Path

from edgevision.bench.facts import instruction_sets

CPUINFO = """processor\t: 0
model name\t: Sample CPU
flags\t\t: fpu sse4_2 fma avx2 avx512_vnni amx_int8 lahf_lm
processor\t: 1
"""


def test_the_instruction_sets_that_engines_use_are_named(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(CPUINFO)

    assert instruction_sets(cpuinfo) == ("sse4_2", "fma", "avx2", "avx512_vnni", "amx_int8")


def test_a_kernel_that_names_none_is_no_obstacle(tmp_path: Path) -> None:
    assert instruction_sets(tmp_path / "absent") == ()
