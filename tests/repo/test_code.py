import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgevision
from tests.repo.files import ROOT, python_files

MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 50
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "core", "misc"}

CODE, TESTS = python_files("edgevision", "export"), python_files("tests")
IDS = [str(path.relative_to(ROOT)) for path in CODE]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(edgevision.__path__, "edgevision.")
    if module.name != "edgevision.__main__"
]

each_file = pytest.mark.parametrize("path", CODE, ids=IDS)


@pytest.mark.parametrize("path", CODE + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_enough_to_be_read_at_once(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@each_file
def test_a_function_is_short_enough_to_be_understood_at_once(path: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    too_long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in functions
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ]

    assert not too_long


@each_file
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@each_file
def test_a_file_is_named_for_what_it_does(path: Path) -> None:
    parts = {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}

    assert not parts & VAGUE_NAMES


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_is_what_it_has(name: str) -> None:
    module = importlib.import_module(name)
    is_package = hasattr(module, "__path__")

    assert is_package or hasattr(module, "__all__"), "say what is public in __all__"
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public)


def test_the_device_half_imports_nothing_of_the_workstation_and_writes_nothing() -> None:
    code = (
        "import importlib, sys\n"
        f"for name in {MODULES!r}: importlib.import_module(name)\n"
        "banned = {'torch', 'onnx', 'onnxscript', 'export', 'amqtt', 'pytest', 'matplotlib'}\n"
        "print(sorted(banned & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)

    assert (done.stderr, done.stdout) == ("", "[]\n")
