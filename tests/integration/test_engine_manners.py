"""What engines write, send and load besides their answers: nothing that they were not told to."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from tests.bundles import make_bundle
from tests.realengines import SIZE_WH, needs_openvino, part


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return open_bundle(make_bundle(tmp_path / "b.zip", size_wh=SIZE_WH))


@needs_openvino
def test_openvino_keeps_compiled_models_where_it_is_told(bundle: Bundle, tmp_path: Path) -> None:
    request = EngineRequest("openvino", "int8", cache_dir=tmp_path / "cache")
    expected = load_engine(bundle, request).infer(part(defective=True))[0]
    assert list((tmp_path / "cache" / "openvino").iterdir())
    again = load_engine(bundle, request).infer(part(defective=True))[0]
    np.testing.assert_array_equal(again, expected)


def run_python(code: str, home: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@needs_openvino
def test_openvino_sends_nothing_and_writes_nothing_at_home(bundle: Bundle, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = f"""
import sys, threading
calls = []
sys.addaudithook(lambda event, args: calls.append(event) if event.startswith("socket.") else None)
from pathlib import Path
from edgevision.bundle.archive import open_bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
load_engine(open_bundle(Path({bundle.source!r})), EngineRequest("openvino", "int8"))
print(calls, threading.active_count())
"""
    assert run_python(code, home) == "[] 1\n"
    assert list(home.iterdir()) == []


def test_importing_the_engines_loads_no_engine(tmp_path: Path) -> None:
    code = """
import sys
import edgevision.engines.choose
print([name for name in ("onnxruntime", "openvino") if name in sys.modules])
"""
    assert run_python(code, tmp_path) == "[]\n"


def test_onnxruntime_writes_nothing_about_this_machine(tmp_path: Path) -> None:
    code = "from edgevision.engines.onnx import available_providers; print(available_providers())"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "ORT_DISABLE_TELEMETRY": "0"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | home, capture_output=True, text=True, check=True
    )

    assert "cpu" in said.stdout
    assert list(tmp_path.iterdir()) == []
