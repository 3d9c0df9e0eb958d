import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repo.files import ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text()
EXTRAS_OF_THE_DEVICE = ("cpu", "openvino")


def project() -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads(PYPROJECT)["project"]
    return content


def required(*extras: str) -> list[Requirement]:
    listed = [*project()["dependencies"]]
    for extra in extras:
        listed += project()["optional-dependencies"][extra]
    return [Requirement(text) for text in listed]


@cache
def pins() -> dict[str, str]:
    lines = (ROOT / "deploy/constraints.txt").read_text().splitlines()
    split = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in split}


def needed(requirements: list[Requirement]) -> set[str]:
    """Return the names of all packages, direct and transitive, as far as they are installed here."""
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        found.add(name)
        try:
            below = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        extras = ["", *requirement.extras]
        waiting += [
            r for r in below if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def is_installed(name: str) -> bool:
    try:
        requires(name)
    except PackageNotFoundError:
        return False
    return True


def pinned_for_absent_extras() -> set[str]:
    """Return what is pinned under `# Extra NAME` where nothing of that extra is installed to be asked."""
    absent: set[str] = set()
    for section in (ROOT / "deploy/constraints.txt").read_text().split("\n\n"):
        extra = re.match(r"# Extra (\w+)", section)
        if extra and not any(
            is_installed(Requirement(text).name)
            for text in project()["optional-dependencies"].get(extra[1], ())
        ):
            absent |= {
                canonicalize_name(name) for name in re.findall(r"^([^#\s=]+)==", section, re.MULTILINE)
            }
    return absent


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    for requirement in required(*project()["optional-dependencies"]):
        assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)]), requirement


def test_every_package_that_comes_along_is_pinned() -> None:
    # A build of torch for CUDA brings packages that it pins itself.
    brought = needed(required(*project()["optional-dependencies"]))
    own = {name for name in brought if not name.startswith(("nvidia-", "cuda-", "triton"))}

    assert own - set(pins()) == set()


def test_nothing_is_pinned_that_nobody_needs() -> None:
    brought = needed(required(*project()["optional-dependencies"]))

    assert set(pins()) - brought - pinned_for_absent_extras() == set()


def test_every_dependency_has_its_reason_beside_it() -> None:
    for requirement in required(*project()["optional-dependencies"]):
        assert re.search(rf'"{re.escape(requirement.name)}[^"]*"[],]+ +# \w', PYPROJECT), requirement


def test_the_device_brings_no_torch_and_no_opencv_with_windows() -> None:
    brought = needed(required(*EXTRAS_OF_THE_DEVICE, "demo"))

    assert not brought & {"torch", "onnx", "onnxscript", "opencv-python", "opencv-contrib-python"}
    assert "opencv-python" not in pins()


@pytest.mark.parametrize(
    ("is_dashboard", "extras"), [(False, EXTRAS_OF_THE_DEVICE), (True, (*EXTRAS_OF_THE_DEVICE, "dashboard"))]
)
def test_everything_is_importable_with_only_what_its_extra_installs(
    is_dashboard: bool, extras: tuple[str, ...]
) -> None:
    allowed = needed(required(*extras))
    code = (
        "import importlib, pkgutil, sys\n"
        "from importlib.metadata import packages_distributions\n"
        "from packaging.utils import canonicalize_name\n"
        "import edgevision\n"
        "before = set(sys.modules)\n"
        "for m in pkgutil.walk_packages(edgevision.__path__, 'edgevision.'):\n"
        f"    if m.name.startswith('edgevision.dashboard.') and not {is_dashboard}: continue\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
        "tops = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "owners = packages_distributions()\n"
        "print(*{canonicalize_name(d) for top in tops for d in owners.get(top, ())})\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.stderr == ""
    assert set(done.stdout.split()) - allowed - {"edgevision"} == set()
