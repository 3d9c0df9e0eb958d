import itertools
import queue

import cv2
import numpy as np
import pytest

from edgevision.config.evidence import PreviewSettings
from edgevision.evidence.preview import Previewer
from edgevision.types import Judgement
from tests.unit.evidence.exhibits import part, result_id_of

LONG_S = 60.0


def test_a_preview_is_a_small_jpeg_of_the_camera() -> None:
    sent: queue.Queue[tuple[str, bytes]] = queue.Queue()
    previewer = Previewer(PreviewSettings(width=64), lambda *picture: sent.put(picture))
    previewer.start()
    previewer.commit([part(size_wh=(640, 480))])

    camera, jpeg = sent.get(timeout=LONG_S)
    previewer.close(LONG_S)
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert camera == "cam1"
    assert image is not None
    assert image.shape == (48, 64, 3)


def test_of_ok_only_the_newest_of_each_camera_is_sent() -> None:
    sent: queue.Queue[str] = queue.Queue()
    previewer = Previewer(PreviewSettings(every_s=3600), lambda camera, _: sent.put(camera))
    previewer.commit([part(Judgement.OK, number) for number in range(9)])
    previewer.commit([part(Judgement.OK, 9, camera="cam2")])
    previewer.start()
    first = {sent.get(timeout=LONG_S), sent.get(timeout=LONG_S)}
    previewer.commit([part(Judgement.OK, 10)])
    previewer.close(LONG_S)

    assert first == {"cam1", "cam2"}
    assert sent.empty()


@pytest.mark.parametrize("judgement", [Judgement.NG, Judgement.ND])
def test_a_part_that_is_not_ok_is_shown_before_an_ok_one_that_came_later(judgement: Judgement) -> None:
    sent: queue.Queue[bytes] = queue.Queue()
    previewer = Previewer(PreviewSettings(), lambda _, jpeg: sent.put(jpeg))
    previewer.commit([part(Judgement.OK, 1), part(judgement, 2), part(Judgement.OK, 3)])
    previewer.start()
    shown = sent.get(timeout=LONG_S)
    previewer.close(LONG_S)

    assert f"result_id={result_id_of(2)}".encode() in shown


def test_every_ng_and_nd_is_shown_however_fast_they_follow() -> None:
    sent: queue.Queue[bytes] = queue.Queue()
    previewer = Previewer(PreviewSettings(every_s=0.05), lambda _, jpeg: sent.put(jpeg))
    previewer.commit([part((Judgement.NG, Judgement.ND)[number % 2], number) for number in range(4)])
    previewer.start()
    shown = [sent.get(timeout=LONG_S) for _ in range(4)]
    previewer.close(LONG_S)

    for number, jpeg in enumerate(shown):
        assert f"result_id={result_id_of(number)}".encode() in jpeg


def test_an_ng_waits_less_than_an_ok_after_a_picture() -> None:
    now_s = itertools.count(0.0, 30.0)
    sent: queue.Queue[bytes] = queue.Queue()
    previewer = Previewer(PreviewSettings(every_s=100.0), lambda _, jpeg: sent.put(jpeg), lambda: next(now_s))
    previewer.start()
    for number, judgement in enumerate((Judgement.OK, Judgement.NG)):
        previewer.commit([part(judgement, number)])
        assert f"result_id={result_id_of(number)}".encode() in sent.get(timeout=LONG_S)
    previewer.close(LONG_S)


def test_the_next_picture_comes_when_its_time_has_come() -> None:
    sent: queue.Queue[str] = queue.Queue()
    previewer = Previewer(PreviewSettings(every_s=0.05), lambda camera, _: sent.put(camera))
    previewer.start()
    for number in range(3):
        previewer.commit([part(number=number)])
        assert sent.get(timeout=LONG_S) == "cam1"
    previewer.close(LONG_S)


def test_a_picture_that_fails_does_not_end_the_later_ones(caplog: pytest.LogCaptureFixture) -> None:
    sent: queue.Queue[str] = queue.Queue()
    faults = [OSError("once")]

    def fail_once(camera: str, _: bytes) -> None:
        sent.put(camera)
        if faults:
            raise faults.pop()

    previewer = Previewer(PreviewSettings(every_s=0.05), fail_once)
    previewer.start()
    for number in range(2):
        previewer.commit([part(number=number)])
        assert sent.get(timeout=LONG_S) == "cam1"
    previewer.close(LONG_S)

    assert "the preview of cam1 failed" in caplog.text
