from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.evidence.plan import Plan
from edgevision.recipe import EvidenceImage
from edgevision.types import Judgement
from tests.inspections import RECIPE, ng_inspection, ok_inspection
from tests.unit.evidence.exhibits import part, result_id_of

FOLDER = Path("/var/lib/evidence/line1")
DAY = PurePosixPath("2026-11-23/NG")


def plan(ok_one_in: int | None = None) -> Plan:
    return Plan(FOLDER, ok_one_in)


def test_a_name_tells_day_judgement_time_part_recipe_and_result() -> None:
    exhibit = plan().exhibit(ng_inspection(part_id="SN-17.4"))

    stem = "184000.123_SN-17.4_surface-crack_0190-ok"
    assert exhibit.original == DAY / f"{stem}.png"
    assert exhibit.record == DAY / f"{stem}.json"
    assert exhibit.overlay == DAY / "overlay" / f"{stem}.jpg"


def test_a_part_nobody_has_named_has_a_dash_in_its_place() -> None:
    assert plan().exhibit(ng_inspection()).stem == "184000.123_-_surface-crack_0190-ok"


@given(st.text(min_size=1, max_size=300))
def test_a_hostile_part_id_stays_in_its_folder_and_fits_any_file_system(part_id: str) -> None:
    exhibit = plan().exhibit(ng_inspection(part_id=part_id))

    assert exhibit.original.parent == DAY
    assert exhibit.stem.isascii()
    assert exhibit.stem.isprintable()
    assert not set(exhibit.stem) & set('/\\ %?*:"<>|')
    assert len(exhibit.original.name) < 200
    assert not exhibit.stem.startswith(".")


@pytest.mark.parametrize(
    "part_id", ["../../etc/passwd", "a/b", "\0", "x" * 10_000, "..", "部品", "a_b", "%2e%2e"]
)
def test_a_part_id_is_reduced_to_what_is_harmless(part_id: str) -> None:
    _, part_name, recipe, _ = plan().exhibit(ng_inspection(part_id=part_id)).stem.split("_")

    assert (recipe, len(part_name) <= 48) == ("surface-crack", True)


def test_ng_and_nd_are_always_kept_and_ok_only_when_asked_for() -> None:
    assert plan().keeps(part(Judgement.NG).inspection)
    assert plan().keeps(part(Judgement.ND).inspection)
    assert not plan().keeps(ok_inspection())
    assert plan(1).keeps(ok_inspection())


def test_about_one_in_so_many_ok_parts_is_kept_and_always_the_same_ones() -> None:
    ids = [result_id_of(number) for number in range(4000)]

    def kept() -> list[str]:
        return [result_id for result_id in ids if plan(10).keeps(ok_inspection(result_id=result_id))]

    assert kept() == kept()
    assert 300 < len(kept()) < 500


def test_the_uri_is_known_before_anything_is_written() -> None:
    inspection = ng_inspection(part_id="SN 17")

    uri = urlsplit(plan().uri(inspection))

    assert (uri.scheme, uri.path) == ("file", str(FOLDER / plan().exhibit(inspection).original))
    assert plan().uri(ok_inspection()) == ""


def test_the_recipe_says_how_originals_are_kept() -> None:
    both = plan()
    both.learn(RECIPE.sha256, EvidenceImage(format="jpeg"))

    assert both.exhibit(ng_inspection()).original.suffix == ".jpg"
    assert plan().exhibit(ng_inspection()).original.suffix == ".png"
