from pathlib import Path

import pytest

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from tests.bundles import bundle_parts, make_bundle
from tests.unit.cli.conftest import Run


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "tiny.zip")


def with_swapped_answers(path: Path) -> Path:
    """Write a bundle whose expected class maps are exchanged, so that no engine reproduces them."""
    fields, files = bundle_parts()
    ok, ng = "golden/ok.map.png", "golden/ng.map.png"
    files[ok], files[ng] = files[ng], files[ok]
    write_bundle(path, Manifest.model_validate(fields | {"files": file_hashes(files)}), files)
    return path


def test_show_prints_what_is_in_the_bundle(run: Run, tiny: Path) -> None:
    outcome = run("bundle", "show", str(tiny))

    assert outcome.status == 0
    for expected in ("tiny", open_bundle(tiny).sha256, "1 crack", "CC0-1.0", "model.int8.onnx", "1.0000"):
        assert expected in outcome.out


def test_verify_runs_the_golden_samples_in_each_precision(run: Run, tiny: Path) -> None:
    outcome = run("bundle", "verify", str(tiny), "--engine", "onnxruntime")

    assert outcome.status == 0
    assert "6 hashes fit" in outcome.out
    for precision in ("fp32", "int8"):
        assert f"cpu {precision}: 2 golden samples reproduce" in outcome.out
    assert "openvino" not in outcome.out


def test_verify_uses_every_engine_that_is_installed(run: Run, tiny: Path) -> None:
    pytest.importorskip("openvino")

    outcome = run("bundle", "verify", str(tiny))

    assert outcome.out.count("golden samples reproduce") == 4


def test_golden_samples_that_do_not_reproduce_end_with_4_and_all_reasons(run: Run, tmp_path: Path) -> None:
    outcome = run(
        "bundle", "verify", str(with_swapped_answers(tmp_path / "b.zip")), "--engine", "onnxruntime"
    )

    assert outcome.status == 4
    assert "onnxruntime fp32: refused" in outcome.out
    assert outcome.err.count("golden sample golden/ok.png") == 2


def test_a_damaged_bundle_ends_with_4(run: Run, tiny: Path) -> None:
    tiny.write_bytes(tiny.read_bytes()[:-100])

    for command in ("show", "verify"):
        outcome = run("bundle", command, str(tiny))
        assert outcome.status == 4
        assert str(tiny) in outcome.err


def test_a_missing_bundle_and_an_unknown_builtin_end_with_4(run: Run, tmp_path: Path) -> None:
    assert run("bundle", "show", str(tmp_path / "none.zip")).status == 4
    assert run("bundle", "show", "builtin:none").status == 4
