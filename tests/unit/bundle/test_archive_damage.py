"""Damage at random: a bundle is refused, or none the worse for it."""

import zipfile
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.bundle.archive import open_bundle
from edgevision.bundle.manifest import Manifest
from edgevision.errors import BundleError
from tests.unit.bundle.archives import FIELDS, FILES, SOUND, contents, manifest_json, packed, sound_entries

Damage = Callable[[bytes], bytes]


def _truncated(length: int) -> Damage:
    return lambda data: data[: length % len(data)]


def _flipped(flips: list[tuple[int, int]]) -> Damage:
    def damage(data: bytes) -> bytes:
        changed = bytearray(data)
        for position, bits in flips:
            changed[position % len(changed)] ^= bits
        return bytes(changed)

    return damage


def _spliced(position: int, piece: bytes) -> Damage:
    return lambda data: data[: position % len(data)] + piece + data[position % len(data) :]


positions = st.integers(0, 2**20)
near_end = st.integers(1, 1200).map(lambda back: len(SOUND) - back)
damages = st.one_of(
    positions.map(_truncated),
    st.lists(st.tuples(positions | near_end, st.integers(1, 255)), min_size=1, max_size=4).map(_flipped),
    st.builds(_spliced, positions, st.binary(min_size=1, max_size=30)),
)


@settings(max_examples=400, deadline=None)
@given(damages, st.sampled_from([SOUND, packed(sound_entries(), zipfile.ZIP_DEFLATED)]))
def test_random_damage_is_refused_or_harmless(damage: Damage, sound: bytes) -> None:
    try:
        bundle = open_bundle(damage(sound))
    except BundleError:
        return
    assert contents(bundle) == (Manifest.model_validate(FIELDS), FILES)


@settings(max_examples=150, deadline=None)
@given(damages)
def test_a_damaged_manifest_in_a_sound_zip_never_gives_other_errors(damage: Damage) -> None:
    changed = damage(manifest_json())
    try:
        bundle = open_bundle(packed(sound_entries() | {"manifest.json": changed}))
    except BundleError:
        return
    assert set(bundle.manifest.files) == set(FILES)
