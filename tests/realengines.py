"""The real engines for tests, skipped where they are not installed, and a tiny model to ask them about."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.bundle.write import file_hashes, write_bundle
from edgevision.engines.spec import EngineName
from tests.bundles import bundle_parts, dark_part

__all__ = [
    "ENGINES",
    "INSTALLED_OR_SKIPPED",
    "SIZE_WH",
    "bundle_with",
    "each_engine",
    "needs_openvino",
    "part",
]

ENGINES: list[EngineName] = ["onnxruntime", "openvino"]
SIZE_WH = (48, 32)


def _installed(engine: EngineName) -> pytest.MarkDecorator:
    """Return a mark that skips; nothing is imported, because OpenVINO plainly imported sends usage data."""
    return pytest.mark.skipif(importlib.util.find_spec(engine) is None, reason=f"{engine} is not installed")


needs_openvino = _installed("openvino")
INSTALLED_OR_SKIPPED = [pytest.param(name, marks=_installed(name)) for name in ENGINES]
each_engine = pytest.mark.parametrize("engine", INSTALLED_OR_SKIPPED)


def part(*, defective: bool) -> npt.NDArray[np.uint8]:
    return dark_part(SIZE_WH, defective=defective)[np.newaxis]


def bundle_with(path: Path, model: bytes, **changes: Any) -> Bundle:
    fields, files = bundle_parts(SIZE_WH, precisions=("fp32",))
    files["model.fp32.onnx"] = model
    write_bundle(path, Manifest.model_validate(fields | {"files": file_hashes(files)} | changes), files)
    return open_bundle(path)
