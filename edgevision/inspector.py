"""Frame in, inspection out: runs the tasks of a recipe and judges what they found.

No I/O, and nothing raised into the loop: a stage that fails makes the frame ND. The station,
replay and bench all use this same object.
"""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace

from edgevision.errors import EngineError, InspectionError
from edgevision.gate import ChangeGate
from edgevision.ports import Task
from edgevision.recipe import Recipe
from edgevision.rules import judge, verdict_of
from edgevision.types import (
    Findings,
    Frame,
    Inspection,
    Judgement,
    ModelRef,
    Reason,
    RecipeRef,
    StageTimes,
    Trigger,
    Verdict,
)

__all__ = ["Inspector"]

_log = logging.getLogger(__name__)
_RESULT_IDS = uuid.UUID("5d1ae91b-2b5e-5d53-9a3e-0f8d7f0c6a11")
"""Namespace of all result ids."""


class Inspector:
    """Inspects frames, from any number of threads."""

    def __init__(
        self,
        recipe: Recipe,
        recipe_ref: RecipeRef,
        tasks: Sequence[Task],
        run_id: str,
        *,
        is_simulated: bool,
        gate: ChangeGate | None = None,
    ) -> None:
        """Take the recipe with its tasks, in the order of the recipe.

        `run_id` names this run of the program; the same run id, camera and frame id always give
        the same result id. `is_simulated` marks results that no real part stands behind. With a `gate` it
        is the inspector of one camera and may repeat an OK.
        """
        self._recipe, self._recipe_ref, self._tasks = recipe, recipe_ref, tuple(tasks)
        self._run_id, self._is_simulated = run_id, is_simulated
        self._gate = gate

    def inspect(self, frame: Frame, queue_ns: int = 0) -> Inspection:
        """Run every task and judge. A task that fails makes the frame ND, unless another finds it NG.

        A frame that shows no part as it is now, or not as the recipe expects it, is ND unseen. Where a gate
        says that nothing has changed, the answer is that of the last full look.
        """
        if (reason := _unfit(frame)) is not None:
            return self.undecided(frame, reason, queue_ns)
        if self._gate is None:
            return self._in_full(frame, queue_ns)
        started_ns = time.monotonic_ns()
        if (known := self._gate.repeatable(frame, self._models)) is not None:
            return self._repeated(frame, known, queue_ns, started_ns)
        inspection = self._in_full(frame, queue_ns)
        self._gate.learn(frame, inspection)
        return inspection

    def _in_full(self, frame: Frame, queue_ns: int) -> Inspection:
        started_ns, models = time.monotonic_ns(), self._models
        findings: list[Findings] = []
        failures: list[Reason] = []
        for task in self._tasks:
            found = self._run(task, frame)
            if isinstance(found, Findings):
                findings.append(found)
            else:
                failures.append(found)
        failures += _zones_outside(self._recipe, frame)
        if self._models != models:
            failures.append(Reason("engine_exchanged", "The engine was exchanged while it ran."))
        verdict = self._judged(findings, failures)
        infer_ns = sum(found.infer_ns for found in findings)
        times = StageTimes(queue_ns, time.monotonic_ns() - started_ns, infer_ns, acquire_ns=frame.acquire_ns)
        return self._record(frame, tuple(findings), verdict, times, models)

    def _repeated(self, frame: Frame, known: Inspection, queue_ns: int, started_ns: int) -> Inspection:
        times = StageTimes(queue_ns, time.monotonic_ns() - started_ns, acquire_ns=frame.acquire_ns)
        record = self._record(frame, known.findings, known.verdict, times, known.models)
        return replace(record, repeats=known.result_id)

    def undecided(self, frame: Frame, reason: Reason, queue_ns: int = 0) -> Inspection:
        """Return ND for a frame that no task has looked at: frozen, dropped or late."""
        return self._record(frame, (), Verdict(Judgement.ND, (reason,)), StageTimes(queue_ns), self._models)

    @property
    def _models(self) -> tuple[ModelRef, ...]:
        return tuple(task.model for task in self._tasks)

    def unseen(self, camera: str, trigger: Trigger, reason: Reason) -> Inspection:
        """Return ND for a trigger that got no frame."""
        return Inspection(
            result_id=trigger.result_id,
            camera=camera,
            frame_id=None,
            captured_ns=trigger.requested_ns,
            wall_ns=trigger.wall_ns,
            size_wh=(0, 0),
            recipe=self._recipe_ref,
            models=self._models,
            findings=(),
            verdict=Verdict(Judgement.ND, (reason,)),
            times=StageTimes(),
            is_simulated=self._is_simulated,
            part_id=trigger.part_id,
            trigger_id=trigger.trigger_id,
        )

    def _run(self, task: Task, frame: Frame) -> Findings | Reason:
        try:
            return task.run(frame)
        except (EngineError, InspectionError) as error:
            return _failed(task.name, error)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the frame gets its verdict
            record = {"journal": {"EDGEVISION_RESULT_ID": self._result_id(frame)}}
            _log.exception(
                "task %s failed on frame %d of %s", task.name, frame.frame_id, frame.camera, extra=record
            )
            return _failed(task.name, error)

    def _judged(self, findings: Sequence[Findings], failures: Sequence[Reason]) -> Verdict:
        try:
            verdict = judge(findings, self._recipe)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the frame gets its verdict
            _log.exception("judging failed")
            return verdict_of((), [*failures, _failed("rules", error)])
        if verdict.judgement is Judgement.NG:
            return verdict_of(verdict.reasons, failures)
        return verdict_of((), [*verdict.reasons, *failures])

    def _record(
        self,
        frame: Frame,
        findings: tuple[Findings, ...],
        verdict: Verdict,
        times: StageTimes,
        models: tuple[ModelRef, ...],
    ) -> Inspection:
        return Inspection(
            result_id=self._result_id(frame),
            camera=frame.camera,
            frame_id=frame.frame_id,
            captured_ns=frame.captured_ns,
            wall_ns=frame.wall_ns,
            size_wh=frame.size_wh,
            recipe=self._recipe_ref,
            models=models,
            findings=findings,
            verdict=verdict,
            times=times,
            is_simulated=self._is_simulated,
            part_id=frame.part_id,
            file=frame.file,
            truth=frame.truth.judgement if frame.truth else None,
            trigger_id=frame.trigger.trigger_id if frame.trigger else None,
        )

    def _result_id(self, frame: Frame) -> str:
        if frame.trigger is not None:
            return frame.trigger.result_id
        return str(uuid.uuid5(_RESULT_IDS, f"{self._run_id}\n{frame.camera}\n{frame.frame_id}"))


def _unfit(frame: Frame) -> Reason | None:
    if frame.is_frozen:
        return Reason("camera_frozen", f"{frame.camera} shows the same picture for too long")
    if frame.changed:
        return Reason("camera_changed", f"{frame.camera} gives {frame.changed}")
    return None


def _zones_outside(recipe: Recipe, frame: Frame) -> list[Reason]:
    """A rule whose zone the frame does not hold cannot be judged."""
    width, height = frame.size_wh
    reasons = []
    for zone in recipe.zones:
        _, _, right, bottom = zone.bounding_box_xyxy
        if right > width or bottom > height:
            text = f"zone {zone.name} does not lie in the frame of {width} x {height}; correct one of them"
            reasons.append(Reason("zone_outside", text, {"zone": zone.name}))
    return reasons


def _failed(stage: str, error: Exception) -> Reason:
    text = f"{stage} failed: {error or type(error).__name__}"
    return Reason("stage_failed", text, {"stage": stage, "error": type(error).__name__})
