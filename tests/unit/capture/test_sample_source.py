"""The sample line as a source: addresses, its end, and its clocks."""

import numpy as np
import pytest

from edgevision.capture.sample import SampleSource, parse_sample_address, render_part
from edgevision.errors import CaptureError
from edgevision.ports import Source
from edgevision.types import Frame


def read_all(source: Source) -> list[Frame]:
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def test_it_gives_the_parts_in_order_and_ends() -> None:
    source = SampleSource(4, frames=3, camera="left")
    frames = read_all(source)
    assert [frame.frame_id for frame in frames] == [0, 1, 2]
    assert {frame.camera for frame in frames} == {"left"}
    assert source.read() is None
    np.testing.assert_array_equal(frames[2].image_bgr, render_part(4, 2).image_bgr)


def test_opening_again_starts_over() -> None:
    source = SampleSource(4, frames=1)
    assert read_all(source)[0].part_id == read_all(source)[0].part_id == "S4-000000"


def test_it_says_what_it_is() -> None:
    source = SampleSource(4)
    assert (source.name, source.is_live, source.frames_expected) == ("sample:4", False, None)
    assert SampleSource(4, frames=9).frames_expected == 9


def test_without_a_rate_the_times_are_positions_on_the_line() -> None:
    frames = read_all(SampleSource(4, frames=3))
    assert [frame.wall_ns for frame in frames] == [0, 100_000_000, 200_000_000]
    assert {frame.captured_ns for frame in frames} == {0}


def test_with_a_rate_the_clocks_of_this_machine_go_on() -> None:
    frames = read_all(SampleSource(4, frames=4, fps=50))
    captured = np.array([frame.captured_ns for frame in frames])
    assert (np.diff(captured) > 0).all()
    assert captured[-1] - captured[0] >= 2 * 20_000_000
    assert all(frame.wall_ns > 1_600_000_000_000_000_000 for frame in frames)


def test_an_address_names_the_seed() -> None:
    assert parse_sample_address("sample:7") == 7
    assert parse_sample_address("sample:0") == 0


@pytest.mark.parametrize(
    "address", ["sample:", "sample:-1", "sample:x", "sample:7x", "sample", "7", "sample:1e3"]
)
def test_another_form_of_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(CaptureError, match=r"expected sample:SEED .* sample:7"):
        parse_sample_address(address)


@pytest.mark.parametrize(("frames", "fps", "name"), [(-1, None, "frames"), (None, 0.0, "fps")])
def test_impossible_numbers_are_refused(frames: int | None, fps: float | None, name: str) -> None:
    with pytest.raises(CaptureError, match=name):
        SampleSource(1, frames=frames, fps=fps)
