from pathlib import Path

import pytest

from edgevision.bench.start import measure_start, peak_resident_mb
from edgevision.errors import EdgeVisionError


def test_the_peak_is_read_from_the_kernels_own_account(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmHWM:\t  250000 kB\nVmRSS:\t  100 kB\n")

    assert peak_resident_mb(status) == pytest.approx(256.0)


def test_a_process_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(EdgeVisionError, match=r"exit status 1: .*absent\.yaml"):
        measure_start(tmp_path / "absent.yaml", tmp_path / "absent.mp4")
