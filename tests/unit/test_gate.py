"""The change gate in the inspector, with a task that finds whatever is bright."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgevision.errors import EngineError
from edgevision.gate import CALM, ChangeGate, watched_box
from edgevision.inspector import Inspector
from edgevision.tasks.fake import FakeTask
from edgevision.types import Defect, Findings, Frame, ImageBgr, Inspection, Judgement
from tests.inspections import ok_inspection
from tests.unit.recipes import RECIPE_REF, make_defect, make_recipe

MS = 1_000_000
TOLERANCE = 16.0
BRIGHT = 120
GREY = 100


def picture(*spots: tuple[int, int], level: int = GREY, spot: int = 160) -> ImageBgr:
    """Return a grey picture with bright pixels at x and y."""
    image = np.full((48, 64, 3), level, np.uint8)
    for x, y in spots:
        image[y, x] = spot
    return image


def frame(number: int, image: ImageBgr, every_ms: int = 40, **changes: Any) -> Frame:
    made = Frame(image, "cam1", number, captured_ns=(1 + number * every_ms) * MS, wall_ns=0)
    return replace(made, **changes)


def gate(box_xyxy: tuple[int, int, int, int] | None = None) -> ChangeGate:
    return ChangeGate(
        tolerance=TOLERANCE, full_every_s=1.0, thresholds={"fake": 0.5, "cracks": 0.5}, box_xyxy=box_xyxy
    )


class Looking:
    """A task that counts how often it looks, and calls each bright pixel a defect."""

    def __init__(self) -> None:
        self.looks = 0
        self.failure: Exception | None = None
        self.task = FakeTask(self.find)

    def find(self, frame: Frame) -> Sequence[Defect]:
        self.looks += 1
        if self.failure is not None:
            raise self.failure
        return [make_defect()] if (frame.image_bgr >= BRIGHT).any() else []

    def inspector(self, gate: ChangeGate | None) -> Inspector:
        recipe = make_recipe({"max_count": 0})
        return Inspector(recipe, RECIPE_REF, [self.task], "run-1", is_simulated=False, gate=gate)


@pytest.fixture
def looking() -> Looking:
    return Looking()


@pytest.fixture
def line(looking: Looking) -> Inspector:
    return looking.inspector(gate())


def judged(inspector: Inspector, frames: Sequence[Frame]) -> list[tuple[str, bool]]:
    """Return each judgement, and whether it is a repetition."""
    done = [inspector.inspect(one) for one in frames]
    return [(one.verdict.judgement.value, one.repeats is not None) for one in done]


def test_an_ok_is_repeated_while_nothing_changes_and_names_the_full_look(
    looking: Looking, line: Inspector
) -> None:
    done = [line.inspect(frame(number, picture()), queue_ns=5) for number in range(6)]

    assert looking.looks == 1
    assert [one.repeats for one in done] == [None, *5 * [done[0].result_id]]
    assert len({one.result_id for one in done}) == 6
    assert {one.verdict.judgement for one in done} == {Judgement.OK}
    assert [one.frame_id for one in done] == list(range(6))
    assert all(one.findings is done[0].findings for one in done)
    assert (done[-1].times.queue_ns, done[-1].times.infer_ns) == (5, 0)
    assert done[-1].times.inspect_ns > 0


def test_without_a_gate_every_frame_is_inspected(looking: Looking) -> None:
    inspector = looking.inspector(None)

    assert judged(inspector, [frame(number, picture()) for number in range(3)]) == 3 * [("OK", False)]


def test_a_few_pixels_anywhere_open_it(line: Inspector) -> None:
    frames = [frame(0, picture()), frame(1, picture((63, 47))), frame(2, picture())]

    assert judged(line, frames) == [("OK", False), ("NG", False), ("OK", False)]


def test_an_ng_is_never_repeated_nor_answered_by_an_older_ok(looking: Looking, line: Inspector) -> None:
    pictures = [picture(), picture((5, 5)), picture((5, 5)), picture((5, 5)), picture(), picture()]

    assert judged(line, [frame(number, one) for number, one in enumerate(pictures)]) == [
        ("OK", False),
        *3 * [("NG", False)],
        ("OK", False),
        ("OK", True),
    ]


def test_an_nd_is_never_repeated_nor_answered_by_an_older_ok(looking: Looking, line: Inspector) -> None:
    assert judged(line, [frame(0, picture())]) == [("OK", False)]
    looking.failure = EngineError("lost")
    assert judged(line, [frame(1, picture((1, 1))), frame(2, picture())]) == 2 * [("ND", False)]
    looking.failure = None
    assert judged(line, [frame(3, picture())]) == [("OK", False)]


def test_slow_drift_adds_up_and_is_seen(looking: Looking, line: Inspector) -> None:
    # One pixel brightens by two levels a frame, never by more than the noise from one to the next.
    levels = range(GREY, 160, 2)
    drift = [frame(number, picture((9, 9), spot=level), 5) for number, level in enumerate(levels)]

    verdicts = dict(zip(levels, (verdict for verdict, _ in judged(line, drift)), strict=True))

    assert {verdict for level, verdict in verdicts.items() if level < BRIGHT} == {"OK"}
    assert {verdict for level, verdict in verdicts.items() if level > BRIGHT + TOLERANCE} == {"NG"}
    assert looking.looks < len(levels)


def test_a_full_look_comes_after_its_time_at_the_latest(looking: Looking, line: Inspector) -> None:
    done = judged(line, [frame(number, picture(), every_ms=250) for number in range(9)])

    assert [is_repeated for _, is_repeated in done] == [False, *3 * [True], False, *3 * [True], False]


@pytest.mark.parametrize(
    "change",
    [
        {"part_id": "SN2"},
        {"file": "b.png"},
        {"captured_ns": 1 * MS},
        {"captured_ns": 0},
        {"image_bgr": np.full((24, 32, 3), GREY, np.uint8)},
    ],
)
def test_another_part_clock_or_size_is_another_scene(line: Inspector, change: dict[str, Any]) -> None:
    assert judged(line, [frame(1, picture()), frame(2, picture(), **change)]) == 2 * [("OK", False)]


@pytest.mark.parametrize("trouble", [{"is_frozen": True}, {"changed": "32 x 24 instead of 64 x 48"}])
def test_a_camera_in_trouble_is_nd_however_still_the_scene(line: Inspector, trouble: dict[str, Any]) -> None:
    assert judged(line, [frame(0, picture()), frame(1, picture(), **trouble)]) == [
        ("OK", False),
        ("ND", False),
    ]


def test_another_engine_looks_for_itself(looking: Looking, line: Inspector) -> None:
    line.inspect(frame(0, picture()))
    looking.task._model = replace(looking.task.model, engine="another")

    assert line.inspect(frame(1, picture())).repeats is None


def test_what_moves_outside_the_region_does_not_open_it(looking: Looking) -> None:
    inspector = looking.inspector(gate((0, 0, 32, 48)))

    done = judged(inspector, [frame(0, picture()), frame(1, picture((32, 5), spot=119))])

    assert done == [("OK", False), ("OK", True)]


@pytest.mark.parametrize(("score_max", "is_repeated"), [(CALM * 0.5, True), (CALM * 0.5 + 0.01, False)])
def test_an_ok_that_was_a_near_thing_is_not_repeated(score_max: float, *, is_repeated: bool) -> None:
    known = gate()
    known.learn(frame(0, picture()), near(score_max))

    assert (known.repeatable(frame(1, picture()), near(score_max).models) is not None) == is_repeated


def near(score_max: float) -> Inspection:
    return ok_inspection(findings=(Findings("cracks", (), score_max=score_max),))


def test_an_ok_with_defects_that_are_allowed_is_not_repeated() -> None:
    allowed = ok_inspection(findings=(Findings("cracks", (make_defect(),), score_max=0.1),))
    known = gate()
    known.learn(frame(0, picture()), allowed)

    assert known.repeatable(frame(1, picture()), allowed.models) is None


def test_a_gated_line_never_says_ok_where_a_full_look_says_otherwise() -> None:
    """Whatever the noise and the order of parts, as long as a defect is no fainter than the noise."""
    rng = np.random.default_rng(3)
    gated, full = Looking().inspector(gate()), Looking().inspector(None)
    repeated, part = 0, picture()
    for number in range(300):
        if rng.random() < 0.1:
            part = picture(*([(int(rng.integers(64)), int(rng.integers(48)))] if rng.random() < 0.5 else []))
        noisy = np.asarray(part + rng.integers(0, 5, part.shape), np.uint8)
        one, other = (line.inspect(frame(number, noisy)) for line in (gated, full))
        assert one.verdict == other.verdict
        repeated += one.repeats is not None
    assert repeated > 50


def step(**fields: Any) -> dict[str, Any]:
    return {"name": f"s{len(str(fields))}", "bundle": "builtin:surface-crack"} | fields


RECTANGLE = {"rectangle_xyxy": [10, 20, 30, 40]}
POLYGON = {"polygon_xy": [[25.5, 5], [50, 5], [50, 30.2]]}


@pytest.mark.parametrize(
    ("steps", "box"),
    [
        ([step()], None),
        ([step(region=RECTANGLE)], (10, 20, 30, 40)),
        ([step(region=RECTANGLE), step(region=POLYGON)], (10, 5, 50, 40)),
        ([step(region=RECTANGLE), step()], None),
        ([step(task="detect", region=RECTANGLE, reference="good.png")], None),
    ],
)
def test_all_that_the_steps_look_at_is_watched(
    steps: list[dict[str, Any]], box: tuple[int, int, int, int] | None
) -> None:
    assert watched_box(make_recipe(tasks=steps)) == box
