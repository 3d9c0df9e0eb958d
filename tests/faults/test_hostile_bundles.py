"""Bundles that nobody in his right mind would write: refused with a reason, or harmless."""

import importlib.util
import io
import json
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import strategies as st

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.golden import check_golden
from edgevision.bundle.write import file_hashes
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from tests.faults.figures import print_row
from tests.faults.fuzzing import MAX_GROWTH_MB, damaged, fuzz, refused_or_fine, rss_mb
from tests.faults.hostile import FIELDS, FILES, JSON, REQUIRED, in_process, packed

COMMAND = "python -m pytest tests/faults/test_hostile_bundles.py -s"
FP32 = EngineRequest("onnxruntime", "fp32")


def test_damaged_bundles(is_long: bool) -> None:
    done = fuzz(
        damaged(packed(FIELDS, FILES)),
        lambda data: none(refused_or_fine(lambda: open_bundle(data))),
        is_long=is_long,
    )
    print_row("damaged bundles", REQUIRED, done, COMMAND)


def none(_: object) -> None:
    """Drop what a check returns."""


@st.composite
def wrong_manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a manifest with one value, somewhere in it, replaced by nonsense; its hashes stay right."""
    fields: Any = json.loads(json.dumps(FIELDS))
    inside = fields
    while True:
        key = draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        if not isinstance(inside[key], dict | list) or not inside[key] or draw(st.booleans()):
            inside[key] = draw(JSON)
            return fields  # type: ignore[no-any-return]
        inside = inside[key]


def test_wrong_manifests(is_long: bool) -> None:
    def check(fields: dict[str, Any]) -> None:
        refused_or_fine(lambda: load_engine(open_bundle(packed(fields, FILES)), FP32).close())

    print_row("wrong manifests", REQUIRED, fuzz(wrong_manifests(), check, is_long=is_long), COMMAND)


def test_damaged_pictures_in_a_bundle_whose_hashes_are_right(is_long: bool) -> None:
    engine = load_engine(open_bundle(packed(FIELDS, FILES)), FP32)

    def check(picture: bytes) -> None:
        files = FILES | {"golden/ng.map.png": picture}
        data = packed(FIELDS | {"files": file_hashes(files)}, files)
        refused_or_fine(lambda: check_golden(open_bundle(data), "fp32", engine.infer))

    done = fuzz(damaged(FILES["golden/ng.map.png"]), check, is_long=is_long)
    print_row("damaged golden pictures", REQUIRED, done, COMMAND)


def test_a_bundle_that_unpacks_to_gigabytes_is_refused_before_it_does() -> None:
    before_mb = rss_mb()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        target.writestr("manifest.json", json.dumps(FIELDS))
        for number in range(9):
            with target.open(f"{number}.onnx", "w") as member:
                for _ in range(64):
                    member.write(bytes(1 << 20))
    for data in (stream.getvalue(), with_small_sizes(stream.getvalue())):
        assert not refused_or_fine(lambda data=data: open_bundle(data))  # type: ignore[misc]
    assert rss_mb() - before_mb < MAX_GROWTH_MB


def with_small_sizes(archive: bytes) -> bytes:
    """Return the archive with the directory saying that every entry unpacks to 100 bytes."""
    data, at = bytearray(archive), archive.index(b"PK\x01\x02")
    while archive[at : at + 4] == b"PK\x01\x02":
        struct.pack_into("<I", data, at + 24, 100)
        at += 46 + sum(struct.unpack_from("<HHH", archive, at + 28))
    return bytes(data)


MODELS = """
import random, sys, time
from edgevision.bundle.archive import open_bundle
from edgevision.bundle.write import file_hashes
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EdgeVisionError
from tests.faults.hostile import FIELDS, FILES, packed
rng, done, refused = random.Random(3), 0, 0
until = time.monotonic() + float(sys.argv[2])
while done < 40 or time.monotonic() < until:
    model = bytearray(FILES["model.fp32.onnx"])
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(model))
        model[at : at + rng.choice((1, 1, 4))] = rng.randbytes(rng.choice((1, 1, 4)))
    files = FILES | {"model.fp32.onnx": bytes(model)}
    data = packed(FIELDS | {"files": file_hashes(files)}, files)
    try:
        load_engine(open_bundle(data), EngineRequest(sys.argv[1], "fp32")).close()
    except EdgeVisionError as error:
        assert str(error).strip()
        refused += 1
    done += 1
print(f"{done} models, {refused} refused")
"""


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_damaged_models_whose_hashes_are_right(engine: str, is_long: bool) -> None:
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    done = in_process(MODELS, engine, "60" if is_long else "0").strip()
    print_row(f"damaged models on {engine}", REQUIRED, done, COMMAND)
