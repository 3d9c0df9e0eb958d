"""Stations that are only messages: what a dashboard hears of a plant, by the real message functions."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from edgevision.messages import (
    CameraFigures,
    HostFacts,
    MachineState,
    OutboxFigures,
    Severity,
    Topics,
    Verb,
    alarm_message,
    answer_message,
    encode,
    info_message,
    metrics_message,
    result_message,
    state_message,
)
from edgevision.messages.preview import preview_message
from edgevision.ports import EngineInfo
from edgevision.types import Inspection, Judgement, Reason, Verdict
from tests.inspections import MODEL, RECIPE, ng_inspection, ok_inspection

__all__ = ["Said", "Station", "preview"]

_HOST = HostFacts(hostname="box", os="Linux", machine="x86_64", cpu="A processor", cpu_count=4, python="3.11")
_ENGINE = EngineInfo(
    engine="openvino",
    requested="cpu",
    provider="cpu",
    precision="int8",
    version="2026.4.1",
    threads=4,
    streams=1,
)

Said = tuple[str, bytes, bool]
"""Topic, payload, whether it is retained."""


@dataclass
class Station:
    """One station with one camera; every method returns what it says."""

    name: str = "line1"
    camera: str = "cam1"
    root: str = "edgevision"
    counts: Counter[Judgement] = field(default_factory=Counter)

    @property
    def topics(self) -> Topics:
        return Topics(self.root, self.name)

    def start(self, now_ns: int) -> Iterator[Said]:
        """Come online."""
        engines = {MODEL.task: _ENGINE}
        info = info_message(
            station=self.name, version="0.1.0", recipe=RECIPE, cameras=[self.camera], models=[MODEL],
            engines=engines, host=_HOST, started_ns=now_ns,
        )  # fmt: skip
        yield self.topics.status, b"online", True
        yield self.topics.info, encode(info), True
        yield self.state(MachineState.CONTINUOUS_EXECUTION, None, now_ns)

    def state(self, state: MachineState, text: str | None, now_ns: int) -> Said:
        """Tell what it does."""
        message = state_message(state, station=self.name, since_ns=now_ns, recipe=RECIPE, text=text)
        return self.topics.state, encode(message), True

    def result(self, judgement: Judgement, now_ns: int, **changes: Any) -> Said:
        """Judge a part; `changes` are fields of the message."""
        self.counts[judgement] += 1
        number = self.counts.total()
        inspection = replace(
            _MADE[judgement],
            result_id=str(uuid.uuid4()),
            camera=self.camera,
            part_id=f"{self.name}-{number:05d}",
            frame_id=number,
            wall_ns=now_ns,
        )
        message = result_message(inspection, station=self.name, published_ns=now_ns)
        return self.topics.result(self.camera), encode(message | changes), False

    def metrics(self, now_ns: int, *, outbox_depth: int = 0) -> Said:
        """Tell how the camera is doing."""
        figures = CameraFigures(
            frames=self.counts.total(), ok=self.counts[Judgement.OK], ng=self.counts[Judgement.NG],
            nd=self.counts[Judgement.ND], skipped=0, reopened=0, reads_failed=0, rate_hz=5.0,
            latencies_ns=[20_000_000] * 98 + [40_000_000] * 2,
        )  # fmt: skip
        outbox = OutboxFigures(depth=outbox_depth)
        message = metrics_message(self.camera, figures, outbox, station=self.name, now_ns=now_ns)
        return self.topics.metrics(self.camera), encode(message), False

    def alarm(self, code: str, text: str, now_ns: int, *, active: bool = True) -> Said:
        """Raise or clear an alarm."""
        message = alarm_message(
            code, text, station=self.name, severity=Severity.ERROR, active=active, now_ns=now_ns
        )
        return self.topics.alarm, encode(message), False

    def answer(self, verb: Verb, command_id: str, text: str, now_ns: int) -> Said:
        """Say that a command was carried out."""
        message = answer_message(
            verb, command_id, station=self.name, now_ns=now_ns, ok=True, code="done", text=text
        )
        return self.topics.answer(verb), encode(message), False

    def preview(self, result_id: str, grey: int = 90) -> Said:
        """Show a picture of an inspection."""
        return self.topics.preview(self.camera), preview(result_id, grey), False

    def inspected(self, inspection: Inspection, now_ns: int, grey: int = 90) -> Iterator[Said]:
        """Tell and show what was found in a part."""
        self.counts[inspection.verdict.judgement] += 1
        seen = replace(inspection, camera=self.camera, wall_ns=now_ns)
        message = result_message(seen, station=self.name, published_ns=now_ns)
        yield self.topics.result(self.camera), encode(message), False
        yield self.topics.preview(self.camera), preview_message(_grey(grey), seen, 1.0), False


def preview(result_id: str | None, grey: int = 90) -> bytes:
    """Return a grey JPEG file whose comment names the inspection, if any."""
    if result_id is None:
        return _grey(grey)
    return preview_message(_grey(grey), ok_inspection(result_id=result_id), 1.0)


def _grey(level: int) -> bytes:
    _, encoded = cv2.imencode(".jpg", np.full((72, 128, 3), level, np.uint8))
    return encoded.tobytes()


def _nd() -> Inspection:
    reason = Reason("camera_frozen", "The camera shows the same picture all the time.")
    return ok_inspection(verdict=Verdict(Judgement.ND, (reason,)), findings=())


_MADE = {Judgement.OK: ok_inspection(), Judgement.NG: ng_inspection(), Judgement.ND: _nd()}
