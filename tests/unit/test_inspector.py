import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from edgevision.errors import EngineError, InspectionError
from edgevision.inspector import Inspector
from edgevision.ports import Task
from edgevision.tasks.fake import FakeTask
from edgevision.types import Defect, Frame, Inspection, Judgement, Reason, Truth
from tests.unit.recipes import RECIPE_REF, make_defect, make_frame, make_recipe


def _inspector(*tasks: Task, run_id: str = "run-1") -> Inspector:
    return Inspector(make_recipe({"max_count": 0}), RECIPE_REF, tasks, run_id, is_simulated=True)


def _clean(frame: Frame) -> Sequence[Defect]:
    return ()


def _cracked(frame: Frame) -> Sequence[Defect]:
    return (make_defect(),)


def _failing(error: Exception) -> FakeTask:
    def find(frame: Frame) -> Sequence[Defect]:
        raise error

    return FakeTask(find, "failing")


def test_an_inspection_says_what_was_inspected_by_what() -> None:
    inspection = _inspector(FakeTask(_cracked)).inspect(make_frame(7, truth=Truth(Judgement.NG)), queue_ns=5)
    assert inspection.verdict.judgement is Judgement.NG
    assert [defect.label for defect in inspection.defects] == ["crack"]
    assert (inspection.camera, inspection.frame_id, inspection.size_wh) == ("cam1", 7, (64, 48))
    assert (inspection.captured_ns, inspection.wall_ns) == (11, 22)
    assert (inspection.part_id, inspection.file, inspection.truth) == ("SN1", "a.png", Judgement.NG)
    assert inspection.recipe is RECIPE_REF
    assert [model.task for model in inspection.models] == ["fake"]
    assert inspection.is_simulated
    assert inspection.times.queue_ns == 5
    assert inspection.times.inspect_ns > 0


def test_a_frame_whose_engine_was_exchanged_meanwhile_is_nd() -> None:
    task = FakeTask(lambda _: exchange())

    def exchange() -> Sequence[Defect]:
        task._model = replace(task._model, engine="another")
        return ()

    inspection = _inspector(task).inspect(make_frame())

    assert [reason.code for reason in inspection.verdict.reasons] == ["engine_exchanged"]
    assert _inspector(FakeTask(_clean)).inspect(make_frame()).verdict.judgement is Judgement.OK


def test_a_clean_frame_is_ok() -> None:
    assert _inspector(FakeTask(_clean)).inspect(make_frame()).verdict.judgement is Judgement.OK


def test_the_same_run_camera_and_frame_give_the_same_result_id_and_nothing_else_does() -> None:
    def result_id(run_id: str, camera: str, frame_id: int) -> str:
        frame = make_frame(frame_id, camera)
        return _inspector(FakeTask(_clean), run_id=run_id).inspect(frame).result_id

    assert result_id("a", "cam1", 1) == result_id("a", "cam1", 1)
    others = {result_id("b", "cam1", 1), result_id("a", "cam2", 1), result_id("a", "cam1", 2)}
    assert len(others | {result_id("a", "cam1", 1)}) == 4


@pytest.mark.parametrize(
    ("trouble", "code"),
    [({"is_frozen": True}, "camera_frozen"), ({"changed": "64 x 48 instead of 128 x 96"}, "camera_changed")],
)
def test_a_picture_that_is_not_what_the_recipe_expects_is_nd_unseen(
    trouble: dict[str, Any], code: str
) -> None:
    inspection = _inspector(FakeTask(_cracked)).inspect(replace(make_frame(), **trouble), queue_ns=5)

    assert inspection.verdict.judgement is Judgement.ND
    assert [reason.code for reason in inspection.verdict.reasons] == [code]
    assert inspection.findings == ()
    assert inspection.times.queue_ns == 5


@pytest.mark.parametrize("error", [EngineError("engine lost"), InspectionError("no such region")])
def test_a_task_that_cannot_decide_makes_the_frame_nd_with_the_error(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    inspection = _inspector(_failing(error)).inspect(make_frame())
    assert inspection.verdict.judgement is Judgement.ND
    (reason,) = inspection.verdict.reasons
    assert reason.code == "stage_failed"
    assert str(error) in reason.text
    assert reason.facts == {"stage": "failing", "error": type(error).__name__}
    assert not caplog.records


@pytest.mark.parametrize("error", [ZeroDivisionError(), MemoryError("too big"), KeyError("x")])
def test_an_unexpected_error_makes_the_frame_nd_and_is_logged_with_its_traceback(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        inspection = _inspector(_failing(error)).inspect(make_frame())
    assert inspection.verdict.judgement is Judgement.ND
    assert inspection.verdict.reasons[0].code == "stage_failed"
    assert type(error).__name__ in inspection.verdict.reasons[0].facts["error"]  # type: ignore[operator]
    assert caplog.records[0].exc_info is not None


def test_a_failed_task_never_makes_ok_and_does_not_hide_what_another_found() -> None:
    failing = _failing(EngineError("lost"))
    with_clean = _inspector(failing, FakeTask(_clean)).inspect(make_frame())
    assert with_clean.verdict.judgement is Judgement.ND
    with_crack = _inspector(failing, FakeTask(_cracked)).inspect(make_frame())
    assert with_crack.verdict.judgement is Judgement.NG
    assert [reason.code for reason in with_crack.verdict.reasons] == ["count", "stage_failed"]


def test_findings_that_cannot_be_judged_make_the_frame_nd(caplog: pytest.LogCaptureFixture) -> None:
    def find(frame: Frame) -> Sequence[Defect]:
        return (make_defect(score="high"),)  # type: ignore[arg-type]

    inspection = _inspector(FakeTask(find)).inspect(make_frame())
    assert inspection.verdict.judgement is Judgement.ND
    assert inspection.verdict.reasons[0].facts["stage"] == "rules"
    assert caplog.records[0].exc_info is not None


def test_a_frame_that_was_not_looked_at_is_nd_with_the_given_reason() -> None:
    reason = Reason("camera_frozen", "the picture has not changed for 10 s")
    inspection = _inspector(FakeTask(_cracked)).undecided(make_frame(3), reason)
    assert inspection.verdict.judgement is Judgement.ND
    assert inspection.verdict.reasons == (reason,)
    assert inspection.findings == ()
    looked_at = _inspector(FakeTask(_cracked)).inspect(make_frame(3))
    assert inspection.result_id == looked_at.result_id


def test_many_threads_can_inspect_at_once() -> None:
    def find(frame: Frame) -> Sequence[Defect]:
        return (make_defect(),) if frame.frame_id % 3 == 0 else ()

    inspector = _inspector(FakeTask(find))
    with ThreadPoolExecutor(8) as pool:
        inspections: list[Inspection] = list(pool.map(inspector.inspect, map(make_frame, range(200))))
    for index, inspection in enumerate(inspections):
        assert inspection.frame_id == index
        assert (inspection.verdict.judgement is Judgement.NG) == (index % 3 == 0)


def test_a_zone_that_the_frame_does_not_hold_is_never_ok() -> None:
    zone = {"name": "seal", "rectangle_xyxy": [5000, 5000, 5100, 5100]}
    recipe = make_recipe({"zone": "seal", "max_count": 0}, zones=[zone])
    inspector = Inspector(recipe, RECIPE_REF, [FakeTask(_clean)], "run-1", is_simulated=False)

    verdict = inspector.inspect(make_frame()).verdict

    assert verdict.judgement is Judgement.ND
    assert [reason.code for reason in verdict.reasons] == ["zone_outside"]
