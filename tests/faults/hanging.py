"""A disk that does not answer, for one process: its fsync and fdatasync wait as long as a file exists."""

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["HangingDisk"]

_SOURCE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_for_the_disk(void) {
    if (access(getenv("DISK_HANGS"), F_OK) != 0) return;
    close(open(getenv("DISK_IS_ASKED"), O_CREAT | O_WRONLY, 0600));
    while (access(getenv("DISK_HANGS"), F_OK) == 0) usleep(10000);
}

int fsync(int file) { wait_for_the_disk(); return (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { wait_for_the_disk(); return (int)syscall(SYS_fdatasync, file); }
"""


class HangingDisk:
    """Built with the C compiler of this machine; skips the test without one."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("a disk that hangs is made with cc, which is not installed")
        library = folder / "hanging.so"
        command = [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
        subprocess.run(command, input=_SOURCE, text=True, check=True)
        self._hangs = folder / "hangs"
        self.asked = folder / "asked"
        """Is there as soon as somebody waits."""
        self.environment = {
            "LD_PRELOAD": str(library),
            "DISK_HANGS": str(self._hangs),
            "DISK_IS_ASKED": str(self.asked),
        }

    def hang(self) -> None:
        """Answer nobody any more."""
        self._hangs.touch()
