"""`edgevision version`: what is installed here, for people and for bug reports."""

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from edgevision import __version__

__all__ = ["version"]

_PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "onnxruntime-gpu", "openvino", "paho-mqtt")


def version() -> None:
    """Print the version of edgevision and of what it runs on."""
    print(f"edgevision {__version__}")
    print(f"python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for package in _PACKAGES:
        print(f"{package} {_installed(package)}")


def _installed(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return "not installed"
