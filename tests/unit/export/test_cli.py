import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install -e .[export]")

from edgevision.bundle.archive import open_bundle
from export.cli import main
from tests.darkness import description_text, fp32_model, write_folder, write_work

pytestmark = pytest.mark.export

Run = Callable[..., int]


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["export", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return run


@pytest.fixture(name="description")
def _description(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(description_text())
    return path


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["quantize", "nowhere"], 2, "run convert first"),
        (["bundle", "--out", "x.zip"], 2, "expected either WORK, or --onnx FILE with --manifest FILE"),
        (["evaluate", "nothing.zip", "sample:1"], 4, "nothing.zip: cannot read the bundle"),
        (["convert", "no.such:thing", "--manifest", "mine.yaml", "--out", "w"], 2, "MODULE:FUNCTION"),
        (
            ["convert", "none.pt", "--manifest", "mine.yaml", "--out", "w"],
            2,
            "none.pt: expected a checkpoint",
        ),
        (["convert", "mine.yaml.onnx", "--manifest", "mine.yaml", "--out", "w"], 4, "expected a valid ONNX"),
        (["convert", "x.pt", "--manifest", "absent.yaml", "--out", "w"], 78, "absent.yaml"),
    ],
)
def test_a_users_mistake_is_a_sentence_and_a_status_and_never_a_traceback(  # noqa: PLR0917
    arguments: list[str],
    status: int,
    message: str,
    run: Run,
    description: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(description.parent)

    ended = run(*arguments)

    said = capsys.readouterr().err
    assert ended == status
    assert message in said
    assert "Traceback" not in said


def test_a_wrong_key_of_a_description_is_named_with_its_line(
    run: Run, description: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    description.write_text(description_text() + "licens: MIT\n")

    assert run("convert", "x.pt", "--manifest", description, "--out", description.parent / "w") == 78
    assert f"{description}:12:1: licens" in capsys.readouterr().err


def test_a_users_own_onnx_model_becomes_a_bundle_and_is_measured(
    run: Run, description: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model, out = write_folder(tmp_path / "data"), tmp_path / "own.onnx", tmp_path / "darkness.zip"
    onnx.save(_with_floats(), model)

    made = run("bundle", "--onnx", model, "--manifest", description, "--calibration", folder, "--out", out)
    written = capsys.readouterr()
    measured = run("evaluate", out, folder, "--split", "val")

    assert (made, measured) == (0, 0), written.err
    manifest = open_bundle(out).manifest
    assert manifest.outputs[0].activation == "softmax"
    assert manifest.command.endswith("--manifest mine.yaml --calibration data --out darkness.zip")
    assert '"mean_iou": ' in capsys.readouterr().out


def _with_floats() -> onnx.ModelProto:
    """The network as a user has it: float NCHW in, logits out, no normalisation."""
    model = fp32_model()
    cut = [node for node in model.graph.node if node.op_type in ("Conv", "Relu")]
    entry, logits = cut[0].input[0], cut[-1].output[0]
    del model.graph.node[:]
    model.graph.node.extend(cut)
    real = onnx.TensorProto.FLOAT
    for values, name, shape in (
        (model.graph.input, entry, ["n", 3, "h", "w"]),
        (model.graph.output, logits, ["n", 2, "h", "w"]),
    ):
        del values[:]
        values.append(onnx.helper.make_tensor_value_info(name, real, shape))
    del model.graph.value_info[:]
    return model


def test_an_int8_model_that_the_gate_refuses_ends_in_status_4_and_a_report(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "data")
    work = write_work(tmp_path / "work", fp32_model())
    blind = fp32_model()
    blind.graph.node[-1].attribute[0].i = 2
    work.write_model("int8", blind)

    ended = run("verify", tmp_path / "work", "--data", folder)

    captured = capsys.readouterr()
    assert ended == 4
    assert "refused by the gate" in captured.err
    assert "refused: int8 onnxruntime" in captured.out.replace("\n", " ")
    assert (tmp_path / "work/gate.html").is_file()
