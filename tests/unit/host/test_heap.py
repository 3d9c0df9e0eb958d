import gc
import platform
import re
import subprocess
import sys

import pytest

from edgevision.host.heap import settle

ARENAS = """
import ctypes, threading
from edgevision.host.heap import limit_heaps
limit_heaps()
all_at_once = threading.Barrier(8)
def allocate():
    kept = [bytearray(5000) for _ in range(20)]
    all_at_once.wait(60)
threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
library = ctypes.CDLL(None)
library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
library.fflush(None)
"""

BURST = """
import gc, os, pathlib
from edgevision.host.heap import give_back
def resident_mb():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
kept = [bytearray(5000) for _ in range(20_000)]
del kept[:-1]  # the last one lies behind all others
gc.collect()
before = resident_mb()
give_back()
print(before - resident_mb())
"""
needs_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library has no such heaps"
)


def test_what_a_program_is_made_of_is_not_looked_at_again() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 1000
        assert len(gc.get_objects()) < 1000
    finally:
        gc.unfreeze()


@needs_glibc
def test_threads_share_two_heaps() -> None:
    done = subprocess.run([sys.executable, "-c", ARENAS], capture_output=True, text=True, check=True)

    assert set(re.findall(r'<heap nr="(\d+)">', done.stdout)) == {"0", "1"}


@needs_glibc
def test_what_a_burst_left_free_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", BURST], capture_output=True, text=True, check=True)

    assert float(done.stdout) > 50
