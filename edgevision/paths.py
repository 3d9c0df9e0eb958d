"""What is at a path, in words, also where this user may not look. Opens nothing, raises nothing."""

import stat
from pathlib import Path

__all__ = ["DENIED", "FILE", "FOLDER", "NOTHING", "OTHER", "found_at"]

FILE, FOLDER, NOTHING = "a file", "a folder", "nothing there"
OTHER = "something that is neither file nor folder"
DENIED = "a path that cannot be looked at (Permission denied)"


def found_at(path: str | Path) -> str:
    """Return one of the above, or why nobody knows; all fit into `expected …, found …`."""
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING
    except PermissionError:
        return DENIED
    except (OSError, ValueError) as error:
        return f"a path that cannot be looked at ({error})"
    if stat.S_ISREG(mode):
        return FILE
    return FOLDER if stat.S_ISDIR(mode) else OTHER
