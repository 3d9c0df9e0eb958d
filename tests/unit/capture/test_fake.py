import pytest

from edgevision.capture.fake import FakeSource
from edgevision.errors import CaptureError
from tests.videos import numbered


def test_the_script_is_played_step_by_step_across_reopening() -> None:
    fake = FakeSource(
        [numbered(0), None, CaptureError("pulled"), numbered(1)], opens=[None, CaptureError("no")]
    )
    fake.open()
    first = fake.read()
    assert first is not None
    assert fake.read() is None
    with pytest.raises(CaptureError, match="pulled"):
        fake.read()
    with pytest.raises(CaptureError, match="no"):
        fake.open()
    fake.open()
    second = fake.read()
    assert second is not None

    assert (first.frame_id, second.frame_id) == (0, 1)
    assert fake.read() is None
    assert fake.times_opened == 2
