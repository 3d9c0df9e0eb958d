"""On what machine, with which libraries and on which video the figures are taken."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2

from edgevision import __version__
from edgevision.bench.measure import bare_decode
from edgevision.bench.report import Machine, Video
from edgevision.capture.video import VideoSource
from edgevision.engines.machine import available_threads, processor
from edgevision.errors import CaptureError

__all__ = ["instruction_sets", "machine_facts", "video_facts"]

_VECTOR_SETS = re.compile(r"sse4|avx|amx|fma|f16c|asimd|sve|i8mm|bf16")
_LIBRARIES = ("numpy", "opencv-python-headless", "onnxruntime", "onnxruntime-gpu", "openvino")


def machine_facts() -> Machine:
    """Return what this machine is, and how busy it is before the benchmark."""
    installed = {name: found for name in _LIBRARIES if (found := _version(name)) is not None}
    return Machine(
        processor=processor(),
        cores=available_threads(),
        system=platform.platform(),
        versions={"edgevision": __version__, "python": platform.python_version(), **installed},
        load_before=os.getloadavg()[0],
    )


def instruction_sets(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """Return the flags of the processor that engines look at; empty where the kernel names none."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return ()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return tuple(flag for flag in flags.partition(":")[2].split() if _VECTOR_SETS.search(flag))


def video_facts(video: Path, *, is_made: bool) -> Video:
    """Return what a video holds; it is decoded once, to the end.

    Raises:
        CaptureError: it cannot be read.
    """
    source = VideoSource(video, "bench")
    source.open()
    first = source.read()
    source.close()
    if first is None:
        raise CaptureError(f"{video}: expected at least one frame, got none; name another video")
    return Video(
        name=video.name,
        codec=_codec(video),
        size_wh=first.size_wh,
        frames=bare_decode(video).units,
        is_made=is_made,
    )


def _codec(video: Path) -> str:
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG)
    fourcc = int(capture.get(cv2.CAP_PROP_FOURCC))
    capture.release()
    return fourcc.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
