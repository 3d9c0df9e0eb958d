"""For the tests of hostile files: a small bundle to damage, nonsense as JSON, a process that may crash."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.bundles import bundle_parts

__all__ = ["FIELDS", "FILES", "JSON", "REQUIRED", "in_process", "packed"]

REQUIRED = "refused with a reason; no crash, no memory growth"
FIELDS, FILES = bundle_parts((16, 16))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def packed(fields: dict[str, Any], files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("manifest.json", json.dumps(fields))
        for name, data in files.items():
            target.writestr(name, data)
    return stream.getvalue()


def in_process(script: str, *arguments: str | Path) -> str:
    """Run Python of its own, which may crash; return what it printed."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr[-2000:]}"
    return done.stdout
