import pytest

from edgevision.capture.fake import FakeSource, Step
from edgevision.capture.segment import SegmentSource
from edgevision.errors import CaptureError, TruncatedInput
from tests.videos import grey_step, numbered


def recording(count: int = 10, *, announced: int | None = None) -> FakeSource:
    return FakeSource([numbered(index) for index in range(count)], frames_expected=announced)


def frames_of(segment: SegmentSource) -> list[tuple[int, int]]:
    """Return id and pictured number of all frames."""
    segment.open()
    return [(frame.frame_id, grey_step(frame.image_bgr)) for frame in iter(segment.read, None)]


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [(0, None, range(10)), (0, 3, range(3)), (4, 3, range(4, 7)), (7, None, range(7, 10)), (8, 9, [8, 9])],
)
def test_a_segment_has_the_frames_that_the_whole_has_there(
    first: int, count: int | None, expected: list[int]
) -> None:
    assert frames_of(SegmentSource(recording(), first, count)) == [(each, each) for each in expected]


def test_segments_one_after_another_are_the_whole() -> None:
    parts = [(0, 4), (4, 4), (8, None)]

    joined = [frame for part in parts for frame in frames_of(SegmentSource(recording(), *part))]

    assert joined == frames_of(SegmentSource(recording(), 0, None))


@pytest.mark.parametrize("first", [10, 25])
def test_a_segment_behind_the_end_is_empty(first: int) -> None:
    segment = SegmentSource(recording(), first, None)

    assert frames_of(segment) == []
    assert segment.read() is None


@pytest.mark.parametrize(
    ("announced", "first", "count", "expected"),
    [(10, 4, 3, 3), (10, 8, 9, 2), (10, 4, None, 6), (10, 12, 3, 0), (None, 4, 3, 3), (None, 4, None, None)],
)
def test_it_knows_its_length_as_far_as_the_recording_does(
    announced: int | None, first: int, count: int | None, expected: int | None
) -> None:
    assert SegmentSource(recording(announced=announced), first, count).frames_expected == expected


def test_damage_is_told_where_the_segment_reaches_it_and_not_before() -> None:
    damaged: list[Step] = [numbered(0), numbered(1), TruncatedInput("expected 5 frames, read 2")]
    before, after = SegmentSource(FakeSource(damaged), 0, 2), SegmentSource(FakeSource(damaged), 1, None)

    assert len(frames_of(before)) == 2
    with pytest.raises(TruncatedInput, match="read 2"):
        frames_of(after)


def test_a_segment_opens_and_closes_its_recording() -> None:
    whole = FakeSource([numbered(0)], opens=[CaptureError("no such file")])
    segment = SegmentSource(whole, 0, None)

    with pytest.raises(CaptureError, match="no such file"):
        segment.open()
    segment.open()
    segment.close()

    assert (whole.times_opened, whole.times_closed) == (1, 1)
    assert (segment.name, segment.is_live) == (whole.name, False)
