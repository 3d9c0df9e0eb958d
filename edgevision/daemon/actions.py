"""What each command does to a running station."""

from collections.abc import Callable, Mapping
from pathlib import Path

from edgevision.daemon.commands import Action, Outcome
from edgevision.daemon.desk import TriggerDesk
from edgevision.daemon.lines import Line
from edgevision.daemon.recipes import ActiveRecipe, recipe_in
from edgevision.daemon.reload import Reload
from edgevision.messages import Command, Verb
from edgevision.messages.command import RecipeCommand, SnapshotCommand, TriggerCommand
from edgevision.ops.jpeg import jpeg
from edgevision.types import RecipeRef

__all__ = ["Actions"]

SendPicture = Callable[[str, bytes], None]
"""Takes the camera and the JPEG."""


class Actions:
    """The commands of a station, each as a method. `table` lists them."""

    def __init__(
        self,
        *,
        lines: Mapping[str, Line],
        desk: TriggerDesk,
        active: ActiveRecipe,
        recipes: Path,
        reload: Reload,
        send_picture: SendPicture,
        on_change: Callable[[], None],
    ) -> None:
        """Compose; `recipes` is the folder of recipes, `on_change` is called when the state may differ."""
        self._lines = lines
        self._desk = desk
        self._active = active
        self._recipes = recipes
        self._reload = reload
        self._send_picture = send_picture
        self._on_change = on_change

    def table(self) -> Mapping[Verb, Action]:
        """Return what carries out each command."""
        return {
            Verb.START: self._start,
            Verb.STOP: self._stop,
            Verb.TRIGGER: self._trigger,
            Verb.RECIPE: self._change_recipe,
            Verb.SNAPSHOT: self._snapshot,
            Verb.RELOAD: lambda _command, _received_ns: self._reload(),
        }

    def _start(self, _command: Command, _received_ns: int) -> Outcome:
        change = self._halted_word, "running"
        for line in self._lines.values():
            line.lane.resume()
        self._on_change()
        return Outcome(ok=True, code="done", text="inspection goes on", change=change)

    def _stop(self, _command: Command, _received_ns: int) -> Outcome:
        change = self._halted_word, "halted"
        for line in self._lines.values():
            line.lane.halt()
        self._on_change()
        return Outcome(ok=True, code="done", text="inspection is halted", change=change)

    @property
    def _halted_word(self) -> str:
        return "halted" if any(line.lane.is_halted for line in self._lines.values()) else "running"

    def _trigger(self, command: Command, received_ns: int) -> Outcome:
        assert isinstance(command, TriggerCommand)
        known = self._desk.cameras
        if not known:
            text = "no camera of this station is of mode triggered; set its mode in the station file"
            return Outcome(ok=False, code="unknown_camera", text=text)
        if command.camera not in (None, *known):
            text = f"no camera {command.camera} of mode triggered; expected one of {', '.join(known)}"
            return Outcome(ok=False, code="unknown_camera", text=text)
        offered = self._desk.fire(command.id, received_ns, camera=command.camera, part_id=command.part_id)
        accepted = tuple(name for name, refusal in offered.items() if refusal is None)
        refusals = [(name, refusal) for name, refusal in offered.items() if refusal is not None]
        if refusals:
            text = "; ".join(f"{name}: {refusal.text}" for name, refusal in refusals)
            return Outcome(ok=False, code=refusals[0][1].code, text=text, cameras=accepted)
        return Outcome(ok=True, code="accepted", text="the verdict comes as a result", cameras=accepted)

    def _change_recipe(self, command: Command, _received_ns: int) -> Outcome:
        assert isinstance(command, RecipeCommand)
        before = _named(self._active.loaded.ref)
        try:
            self._active.change(recipe_in(self._recipes, command.recipe))
        except Exception as error:  # noqa: BLE001 - whatever it is, the old recipe stays and the answer says why
            text = f"{before} stays: {error or type(error).__name__}"
            return Outcome(ok=False, code="recipe_failed", text=text, change=(before, command.recipe))
        self._on_change()
        after = _named(self._active.loaded.ref)
        return Outcome(ok=True, code="done", text=f"inspects by {after}", change=(before, after))

    def _snapshot(self, command: Command, _received_ns: int) -> Outcome:
        assert isinstance(command, SnapshotCommand)
        if command.camera not in (None, *self._lines):
            text = f"no camera {command.camera}; expected one of {', '.join(self._lines)}"
            return Outcome(ok=False, code="unknown_camera", text=text)
        wanted = [command.camera] if command.camera is not None else list(self._lines)
        frames = {name: self._lines[name].lane.feed.newest for name in wanted}
        given = tuple(name for name, frame in frames.items() if frame is not None)
        for name, frame in frames.items():
            if frame is not None:
                self._send_picture(name, jpeg(frame.image_bgr))
        if len(given) < len(wanted):
            text = "not every camera has given a frame yet"
            return Outcome(ok=False, code="no_frame", text=text, cameras=given)
        return Outcome(ok=True, code="done", text="the pictures are on their way", cameras=given)


def _named(ref: RecipeRef) -> str:
    return f"{ref.name} {ref.version} sha256:{ref.sha256[:12]}"
