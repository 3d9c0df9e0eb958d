import inspect
import re

from edgevision import errors
from edgevision.errors import EdgeVisionError

CLASSES: dict[str, type[EdgeVisionError]] = {name: getattr(errors, name) for name in errors.__all__}


def test_every_error_is_public_and_below_the_one_base() -> None:
    defined = {name for name, member in inspect.getmembers(errors, inspect.isclass)}

    assert set(errors.__all__) == defined
    assert all(issubclass(error, EdgeVisionError) for error in CLASSES.values())


def test_the_drawn_tree_is_the_real_one_with_the_real_exit_statuses() -> None:
    drawn = re.findall(r"^    ([│ ├└─]*)(\w+) +(\d+)(?:  |$)", str(errors.__doc__), re.MULTILINE)

    assert {name: int(status) for _, name, status in drawn} == {
        name: error.exit_status for name, error in CLASSES.items()
    }
    assert {name: len(branch) // 4 for branch, name, _ in drawn} == {
        name: error.__mro__.index(EdgeVisionError) for name, error in CLASSES.items()
    }


def test_no_failure_ends_with_the_status_of_success() -> None:
    assert all(0 < error.exit_status < 126 for error in CLASSES.values())
