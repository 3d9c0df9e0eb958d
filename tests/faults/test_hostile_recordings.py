"""Pictures and recordings that were damaged, or made to hurt: refused with a reason, or harmless."""

import struct
import zlib
from pathlib import Path

import cv2
import pytest
from hypothesis import strategies as st

from edgevision.capture.folder import FolderSource
from edgevision.capture.video import VideoSource
from edgevision.ports import Source
from tests.bundles import dark_part
from tests.faults.figures import print_row
from tests.faults.fuzzing import damaged, fuzz, refused_or_fine
from tests.faults.hostile import REQUIRED, in_process
from tests.videos import write_video

COMMAND = "python -m pytest tests/faults/test_hostile_recordings.py -s"


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
