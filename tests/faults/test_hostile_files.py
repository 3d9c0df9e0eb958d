"""Files that nobody in his right mind would write: refused with a reason, or harmless."""

import hashlib
import importlib.util
import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography.fernet import Fernet
from hypothesis import strategies as st

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.golden import check_golden
from edgevision.bundle.write import file_hashes
from edgevision.capture.folder import FolderSource
from edgevision.capture.video import VideoSource
from edgevision.config.document import load_recipe, load_station
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import ConfigError
from edgevision.gallery.content import Enrolled, Gallery
from edgevision.gallery.file import GalleryFile
from edgevision.gallery.format import MAGIC, pack, unpack
from edgevision.gallery.sealed import seal
from edgevision.ports import Source
from tests.bundles import bundle_parts, dark_part
from tests.faults.figures import print_row
from tests.faults.fuzzing import MAX_GROWTH_MB, damaged, fuzz, refused_or_fine, rss_mb
from tests.videos import write_video

COMMAND = "python -m pytest tests/faults/test_hostile_files.py -s"
REQUIRED = "refused with a reason; no crash, no memory growth"
EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
FIELDS, FILES = bundle_parts((16, 16))
FP32 = EngineRequest("onnxruntime", "fp32")
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


def test_settings_and_recipes_of_damaged_text(tmp_path: Path, is_long: bool) -> None:
    path = tmp_path / "file.yaml"
    texts = [(EXAMPLES / name).read_bytes() for name in ("station.yaml", "surface-crack.yaml")]

    def check(content: bytes) -> None:
        path.write_bytes(content)
        for load in (load_station, load_recipe):
            refused_or_fine(lambda load=load: load(path))  # type: ignore[misc]

    done = fuzz(st.one_of(st.binary(max_size=300), *map(damaged, texts)), check, is_long=is_long)
    print_row("damaged settings and recipes", REQUIRED, done, COMMAND)


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS.encode(),
        b"a: &a [*a]\n",
        b"a: " + b"[" * 100_000,
        b"a: " + b"{b: " * 5_000,
        b"a: 1\n" * 500_000,
        b"a: " + b"9" * 900_000 + b"\n",
        b"a: !!python/object/apply:os.system [true]\n",
        "schema: edgevision.station/1\n".encode("utf-16"),
        b"station: caf\xe9\n",
        b"station: a\0b\n",
        b"\xef\xbb\xbf",
        b"? [a, b]\n: c\n",
        b"a: 2026-99-99\n",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_yaml_made_to_hurt(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    before_mb = rss_mb()
    for load in (load_station, load_recipe):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert len(str(caught.value)) < 10_000
    assert rss_mb() - before_mb < MAX_GROWTH_MB


GALLERY = pack(
    Gallery.empty("ab" * 32, 4).added(
        (Enrolled("anna", "2026-01-01T00:00:00Z"), Enrolled("bo", "2026-01-01T00:00:00Z", b"PNG")),
        np.eye(2, 4, dtype=np.float32),
    )
)


def test_damaged_galleries(tmp_path: Path, is_long: bool) -> None:
    key_file = tmp_path / "key"
    key_file.write_bytes(Fernet.generate_key())
    path = tmp_path / "g.gallery"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refused_or_fine(GalleryFile(path).read)
        refused_or_fine(GalleryFile(path, key_file).read)

    contents = st.one_of(st.binary(max_size=300), damaged(GALLERY), damaged(seal(GALLERY, key_file)))
    print_row("damaged galleries", REQUIRED, fuzz(contents, check, is_long=is_long), COMMAND)


def test_damaged_galleries_whose_checksum_is_right(is_long: bool) -> None:
    """A wrong header must neither crash nor make anything be allocated that the file does not hold."""
    after_magic = len(MAGIC)

    def check(body: bytes) -> None:
        data = MAGIC + body
        refused_or_fine(lambda: unpack(data + hashlib.sha256(data).digest(), "g").matcher())

    headers = st.builds(
        lambda header: struct.pack("<I", len(header)) + header + bytes(32),
        st.builds(
            lambda entries, dimensions: json.dumps(
                {"embedder_sha256": "0" * 64, "dimensions": dimensions, "entries": entries}
            ).encode(),
            JSON,
            st.integers(-1, 5000) | JSON,
        ),
    )
    bodies = st.one_of(st.binary(max_size=300), damaged(GALLERY[after_magic:-32]), headers)
    print_row("galleries of wrong content", REQUIRED, fuzz(bodies, check, is_long=is_long), COMMAND)


def read_all(source: Source) -> None:
    """Open, read to the end and close; a damaged recording says so at its end."""
    try:
        source.open()
        while source.read() is not None:
            pass
    finally:
        source.close()


def test_damaged_images_and_truth_files(tmp_path: Path, is_long: bool) -> None:
    picture = dark_part((16, 12), defective=True)
    cv2.imwrite(str(tmp_path / "good.png"), picture)
    png, jpg, bmp = (cv2.imencode(kind, picture)[1].tobytes() for kind in (".png", ".jpg", ".bmp"))
    truth = b"file,truth,mask\ngood.png,NG,mask.png\npart.png,OK,\n"
    images = st.one_of(st.binary(max_size=100), damaged(png), damaged(jpg), damaged(bmp))
    truths = st.one_of(st.just(truth), st.binary(max_size=100), damaged(truth))

    def check(contents: tuple[bytes, bytes, bytes]) -> None:
        for name, content in zip(("part.png", "mask.png", "truth.csv"), contents, strict=True):
            (tmp_path / name).write_bytes(content)
        refused_or_fine(lambda: read_all(FolderSource(tmp_path, "cam1")))

    done = fuzz(st.tuples(images, images, truths), check, is_long=is_long)
    print_row("damaged images, masks and truth.csv", REQUIRED, done, COMMAND)


@pytest.mark.parametrize(("suffix", "fourcc"), [(".avi", "MJPG"), (".mp4", "mp4v"), (".mkv", "MJPG")])
def test_damaged_videos(tmp_path: Path, suffix: str, fourcc: str, is_long: bool) -> None:
    sound = write_video(tmp_path / f"sound{suffix}", fourcc, frames=5).read_bytes()
    path = tmp_path / f"video{suffix}"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        refused_or_fine(lambda: read_all(VideoSource(path, "cam1")))

    done = fuzz(damaged(sound), check, is_long=is_long)
    print_row(f"damaged videos ({suffix})", REQUIRED, done, COMMAND)


def in_process(script: str, *arguments: str | Path) -> str:
    """Run Python of its own, which may crash; return what it printed."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr[-2000:]}"
    return done.stdout


BOMB = """
import re, sys
from pathlib import Path
import edgevision
from edgevision.capture.folder import FolderSource
from edgevision.errors import CaptureError
source = FolderSource(Path(sys.argv[1]), "cam1")
source.open()
try:
    frame = source.read()
except CaptureError as error:
    status = Path("/proc/self/status").read_text()
    print(int(re.findall(r"VmHWM:\\s+(\\d+)", status)[0]) / 1000, error)
"""


def test_a_small_image_that_unpacks_to_gigabytes_is_refused_before_it_does(tmp_path: Path) -> None:
    side = 17_000
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compressobj(1)
    pixels = b"".join(rows.compress(bytes(1 + side)) for _ in range(side)) + rows.flush()
    chunks = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)

    peak_mb, _, message = in_process(BOMB, tmp_path / "bomb.png").partition(" ")

    assert "bomb.png" in message
    assert float(peak_mb) < 400


MODELS = """
import random, sys, time
from edgevision.bundle.archive import open_bundle
from edgevision.bundle.write import file_hashes
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EdgeVisionError
from tests.faults.test_hostile_files import FIELDS, FILES, packed
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
