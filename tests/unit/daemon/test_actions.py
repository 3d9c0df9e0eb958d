from pathlib import Path
from typing import Any, cast

import pytest

from edgevision.daemon.actions import Actions
from edgevision.daemon.desk import TriggerDesk
from edgevision.messages import Verb
from edgevision.messages.command import TriggerCommand
from edgevision.recipe import TriggerRules
from edgevision.triggered import TriggeredLane


class Lane(TriggeredLane):
    """Takes triggers, and needs nothing for it."""

    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(
    ("cameras", "text"),
    [
        ([], "no camera of this station is of mode triggered; set its mode in the station file"),
        (["cam1", "cam2"], "no camera cam9 of mode triggered; expected one of cam1, cam2"),
    ],
)
def test_a_trigger_that_no_camera_takes_is_refused_with_a_remedy(cameras: list[str], text: str) -> None:
    desk = TriggerDesk("line1", {name: Lane() for name in cameras}, TriggerRules)
    unused = cast(Any, None)
    actions = Actions(
        lines={},
        desk=desk,
        active=unused,
        recipes=Path(),
        reload=unused,
        send_picture=unused,
        on_change=unused,
    )
    command = TriggerCommand(id="t1", by="ann", camera="cam9")

    outcome = actions.table()[Verb.TRIGGER](command, 0)

    assert (outcome.ok, outcome.code, outcome.text) == (False, "unknown_camera", text)
