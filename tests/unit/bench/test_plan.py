from pathlib import Path

import pytest

from edgevision.bench.plan import unit_cache_dir
from tests.repo.files import ROOT

UNIT = (ROOT / "systemd/edgevision@.service").read_text()


def test_an_installed_station_reads_the_cache_folder_of_its_unit() -> None:
    assert unit_cache_dir(Path("/etc/edgevision/line1.yaml"), environment={}) == Path(
        "/var/cache/edgevision/line1"
    )
    assert "--config /etc/edgevision/%i.yaml" in UNIT
    assert "\nCacheDirectory=edgevision/%i\n" in UNIT


@pytest.mark.parametrize(
    ("file", "environment"),
    [
        ("/home/u/line1.yaml", {}),
        ("/etc/edgevision/recipes/line1.yaml", {}),
        ("/etc/edgevision/line1.yaml", {"CACHE_DIRECTORY": "/var/cache/edgevision/line1"}),
    ],
)
def test_elsewhere_and_in_the_service_the_user_s_own_folder_counts(
    file: str, environment: dict[str, str]
) -> None:
    assert unit_cache_dir(Path(file), environment=environment) is None
