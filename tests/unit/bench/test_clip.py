from pathlib import Path

import numpy as np
import pytest

from edgevision.bench.clip import SIZE_WH, write_clip
from edgevision.capture.video import VideoSource
from edgevision.errors import OutputError


def test_the_clip_holds_the_asked_number_of_moving_720p_pictures(tmp_path: Path) -> None:
    source = VideoSource(write_clip(tmp_path, frames=3), "bench")
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)

    assert [frame.size_wh for frame in frames] == [SIZE_WH] * 3
    assert (frames[0].image_bgr != frames[2].image_bgr).mean() > 0.1


def test_a_clip_for_pairs_shows_a_part_that_stands_still(tmp_path: Path) -> None:
    source = VideoSource(write_clip(tmp_path, frames=25, stands_still=True), "bench")
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame.image_bgr.astype(int))

    assert np.abs(frames[24] - frames[0]).mean() < 6


def test_looking_for_an_encoder_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_clip(tmp_path, frames=1)

    assert capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--video"):
        write_clip(tmp_path / "absent", frames=1)
