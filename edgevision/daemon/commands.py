"""Commands, however they come: read, checked, carried out once, answered, counted, written down.

What a command does is the `actions`' business; where it comes from and where its answer goes, that of
whoever calls `handle`. Commands that take long run in a thread of their own, one at a time, so that
triggers never wait for them. Memory is bounded: the latest answers are kept for repeated ids.
"""

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from edgevision.config.sentences import explain
from edgevision.errors import EdgeVisionError, OutputError
from edgevision.host.changelog import ChangeLog
from edgevision.messages import COMMAND_MODELS, Command, CommandCounts, Verb, answer_message

__all__ = ["MAX_PAYLOAD_BYTES", "Action", "Answer", "Commands", "Outcome", "Reply", "Request"]

_log = logging.getLogger(__name__)

MAX_PAYLOAD_BYTES = 4096
_ANSWERS_KEPT = 1024
_WHERE_MAX = 80
_SLOW = frozenset({Verb.RECIPE, Verb.RELOAD})

Answer = Mapping[str, Any]
Reply = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Request:
    """One message on its way to become a command."""

    verb: Verb
    payload: bytes
    received_ns: int
    """Monotonic."""
    transport: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command. A change, tried or done, names what was and what was asked for."""

    ok: bool
    code: str
    text: str
    change: tuple[str, str] | None = None
    cameras: tuple[str, ...] | None = None


_BUSY = Outcome(ok=False, code="busy", text="a change is under way; ask again later")

Action = Callable[[Command, int], Outcome]
"""Takes the command and when it came (monotonic, ns)."""


class Commands:
    """Carries out commands. Safe in many threads."""

    def __init__(self, station: str, actions: Mapping[Verb, Action], changes: ChangeLog | None) -> None:
        """Compose; without `changes` nothing is written down."""
        self._station = station
        self._actions = actions
        self._changes = changes
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._answers: OrderedDict[tuple[Verb, str], Answer] = OrderedDict()
        self._under_way: set[tuple[Verb, str]] = set()
        self._changing = threading.Lock()
        self._changer: threading.Thread | None = None
        self.change_log_error = ""
        """Why the newest change could not be written down."""

    @property
    def counts(self) -> CommandCounts:
        """Return a copy of the counts."""
        with self._lock:
            return CommandCounts(**self._counts)

    @property
    def is_held(self) -> bool:
        """Whether a change is under way: its thread may be in an engine, which no one can interrupt."""
        return self._changer is not None and self._changer.is_alive()

    def stop(self, timeout_s: float) -> None:
        """Begin no more changes, and wait for the one under way to be over, answered and written down."""
        if self._changing.acquire(timeout=max(0.0, timeout_s)) and self._changer is not None:
            self._changer.join(max(0.0, timeout_s))

    def count(self, what: str) -> None:
        """Count a message that does not become a command: `ignored` or `dropped`."""
        with self._lock:
            self._counts[what] += 1

    def handle(self, request: Request, reply: Reply) -> None:
        """Carry out a command and reply, from this thread or, for one that takes long, from another."""
        command = _read(request)
        if isinstance(command, Outcome):
            self._reply(request, None, command, reply)
            return
        key = (request.verb, command.id)
        with self._lock:
            known = self._answers.get(key)
            is_new = known is None and key not in self._under_way
            if is_new:
                self._under_way.add(key)
            else:
                self._counts["repeated"] += 1
        if known is not None:
            reply(known)
        elif is_new:
            self._begin(request, command, reply)
        else:
            reply(self._answer(request.verb, command.id, _BUSY))

    def _begin(self, request: Request, command: Command, reply: Reply) -> None:
        if request.verb not in _SLOW:
            self._finish(request, command, self._carried_out(request, command), reply)
        elif self._changing.acquire(blocking=False):
            arguments = (request, command, reply)
            self._changer = threading.Thread(target=self._change, args=arguments, name="change", daemon=True)
            self._changer.start()
        else:
            self._finish(request, command, _BUSY, reply)

    def _change(self, request: Request, command: Command, reply: Reply) -> None:
        try:
            outcome = self._carried_out(request, command)
        finally:
            self._changing.release()
        self._finish(request, command, outcome, reply)

    def _carried_out(self, request: Request, command: Command) -> Outcome:
        try:
            return self._actions[request.verb](command, request.received_ns)
        except EdgeVisionError as error:
            return Outcome(ok=False, code="failed", text=str(error))
        except Exception as error:  # noqa: BLE001 - whoever asks gets an answer, the log the rest
            _log.exception("the command %s failed", request.verb.value)
            return Outcome(ok=False, code="fault", text=f"a fault of the station: {error}; see its log")

    def _finish(self, request: Request, command: Command, outcome: Outcome, reply: Reply) -> None:
        who = request.user or command.by
        if outcome.change is not None:
            self._write_down(request, who, outcome, outcome.change)
        answer = self._answer(request.verb, command.id, outcome)
        key = (request.verb, command.id)
        with self._lock:
            self._under_way.discard(key)
            if outcome is not _BUSY:  # whoever is told to ask again later may do so with the same id
                self._answers[key] = answer
            if len(self._answers) > _ANSWERS_KEPT:
                self._answers.popitem(last=False)
        self._tell(request, who, outcome, reply, answer)

    def _reply(self, request: Request, command_id: str | None, outcome: Outcome, reply: Reply) -> None:
        self._tell(request, request.user, outcome, reply, self._answer(request.verb, command_id, outcome))

    def _tell(
        self, request: Request, who: str | None, outcome: Outcome, reply: Reply, answer: Answer
    ) -> None:
        with self._lock:
            self._counts["accepted" if outcome.ok else "refused"] += 1
        level = logging.DEBUG if request.verb is Verb.TRIGGER else logging.INFO
        _log.log(
            level,
            "command %s of %s over %s: %s, %s",
            *(request.verb.value, who or "somebody", request.transport, outcome.code, outcome.text),
        )
        reply(answer)

    def _answer(self, verb: Verb, command_id: str | None, outcome: Outcome) -> Answer:
        return answer_message(
            verb,
            command_id,
            station=self._station,
            now_ns=time.time_ns(),
            ok=outcome.ok,
            code=outcome.code,
            text=outcome.text,
            cameras=outcome.cameras,
        )

    def _write_down(
        self, request: Request, who: str | None, outcome: Outcome, change: tuple[str, str]
    ) -> None:
        if self._changes is None:
            return
        before, after = change
        result = outcome.code if outcome.ok else f"{outcome.code}: {outcome.text}"
        try:
            self._changes.append(
                verb=request.verb.value,
                before=before,
                after=after,
                outcome=result,
                who=who,
                transport=request.transport,
            )
            self.change_log_error = ""
        except OutputError as error:
            _log.error("%s", error)
            self.change_log_error = str(error)


def _read(request: Request) -> Command | Outcome:
    """Return the command in a payload, or why there is none."""
    if len(request.payload) > MAX_PAYLOAD_BYTES:
        text = f"expected at most {MAX_PAYLOAD_BYTES} bytes, got {len(request.payload)}"
        return Outcome(ok=False, code="bad_payload", text=text)
    try:
        return COMMAND_MODELS[request.verb].model_validate_json(request.payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ascii(".".join(map(str, first["loc"])))[1:-1][:_WHERE_MAX]
        sentence = first["msg"] if not where else explain(first, COMMAND_MODELS[request.verb])
        return Outcome(ok=False, code="bad_payload", text=f"{where}: {sentence}".removeprefix(": "))
