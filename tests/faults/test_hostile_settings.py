"""Settings and recipes that nobody in his right mind would write: refused with a reason."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from edgevision.config.document import load_recipe, load_station
from edgevision.errors import ConfigError
from tests.faults.figures import print_row
from tests.faults.fuzzing import MAX_GROWTH_MB, damaged, fuzz, refused_or_fine, rss_mb
from tests.faults.hostile import REQUIRED

COMMAND = "python -m pytest tests/faults/test_hostile_settings.py -s"
EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"


def test_settings_and_recipes_of_damaged_text(tmp_path: Path, is_long: bool) -> None:
    path = tmp_path / "file.yaml"
    texts = [(EXAMPLES / name).read_bytes() for name in ("station.yaml", "surface-crack.yaml")]

    def check(content: bytes) -> None:
        path.write_bytes(content)
        for load in (load_station, load_recipe):
            refused_or_fine(lambda load=load: load(path))  # type: ignore[misc]

    done = fuzz(st.one_of(st.binary(max_size=300), *map(damaged, texts)), check, is_long=is_long)
    print_row("damaged settings and recipes", REQUIRED, done, COMMAND)


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS.encode(),
        b"a: &a [*a]\n",
        b"a: " + b"[" * 100_000,
        b"a: " + b"{b: " * 5_000,
        b"a: 1\n" * 500_000,
        b"a: " + b"9" * 900_000 + b"\n",
        b"a: !!python/object/apply:os.system [true]\n",
        "schema: edgevision.station/1\n".encode("utf-16"),
        b"station: caf\xe9\n",
        b"station: a\0b\n",
        b"\xef\xbb\xbf",
        b"? [a, b]\n: c\n",
        b"a: 2026-99-99\n",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_yaml_made_to_hurt(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    before_mb = rss_mb()
    for load in (load_station, load_recipe):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert len(str(caught.value)) < 10_000
    assert rss_mb() - before_mb < MAX_GROWTH_MB
