"""Keeps a model running: a failed engine is loaded again, then replaced by another, then tried for ever.

Repairs happen in a thread of their own, so that a failing engine never holds up the line: until it
runs again every call fails at once, which makes its frame ND. An engine is used only when the
bundle's golden samples reproduced on it. An answer that makes no sense is no failure of the
engine, and a call that hangs cannot be ended from here: whoever watches over the process does that.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgevision.bundle.archive import Bundle
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import candidates, choose_engine
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from edgevision.errors import BundleError, EdgeVisionError, EngineError
from edgevision.ports import Engine, EngineInfo, Tensor

__all__ = ["RETRY_S", "STEADY_S", "EngineHealth", "GuardedEngine", "load_guarded"]

RETRY_S = 30.0
"""When nothing runs, everything is tried again after this time."""
STEADY_S = 600.0
"""An engine that ran for so long since its repair has earned another one."""

_STOP_TIMEOUT_S = 2.0
_log = logging.getLogger(__name__)

Load = Callable[[], Engine]


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """How the engine of a model is doing, and what went wrong last."""

    state: Literal["running", "restarted", "replaced", "failed"] = "running"
    """`restarted` for a while after a restart; `replaced` as long as another engine is in use;
    `failed` while none is."""
    cause: str = ""


class GuardedEngine:
    """An engine that repairs itself. Safe in many threads."""

    def __init__(
        self,
        engine: Engine,
        loads: Sequence[Load],
        *,
        retry_s: float = RETRY_S,
        steady_s: float = STEADY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take over a loaded engine.

        Args:
            engine: Loaded by the first of `loads`.
            loads: How to load it again and, in order of preference, the engines to replace it; each
                raises EdgeVisionError unless the golden samples reproduce.
            retry_s: How long to wait when nothing runs.
            steady_s: After how long a repaired engine counts as sound.
            clock: Seconds, monotonic.
        """
        self._loads = tuple(loads)
        self._retry_s, self._steady_s, self._clock = retry_s, steady_s, clock
        self._lock = threading.Lock()
        self._engine: Engine | None = engine
        self._info = engine.info
        self._used = 0
        self._untried = list(range(len(self._loads)))
        self._repaired_s: float | None = None
        self._cause = ""
        self._closing = threading.Event()
        self._repair: threading.Thread | None = None

    @property
    def info(self) -> EngineInfo:
        """What runs the model, or ran it last."""
        return self._info

    @property
    def health(self) -> EngineHealth:
        """How it is doing."""
        with self._lock:
            return EngineHealth(self._state, self._cause)

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Run (1, H, W, C) uint8; raises EngineError, at once while no engine runs."""
        engine = self._engine
        if engine is None:
            raise EngineError(f"no engine runs this model at the moment: {self._cause}")
        try:
            return engine.infer(batch_nhwc)
        except EngineError as error:
            self._fail(engine, error)
            raise

    def retire(self) -> None:
        """Give up repairing; what still infers may go on for as long as the engine runs."""
        self._closing.set()

    def close(self) -> None:
        """Free the model and give up repairing."""
        with self._lock:
            self._closing.set()
            engine, self._engine = self._engine, None
            repair = self._repair
        if engine is not None:
            engine.close()
        if repair is not None:
            repair.join(_STOP_TIMEOUT_S)

    @property
    def _state(self) -> Literal["running", "restarted", "replaced", "failed"]:
        if self._engine is None:
            return "failed"
        if self._used != 0:
            return "replaced"
        return "running" if self._is_steady else "restarted"

    @property
    def _is_steady(self) -> bool:
        return self._repaired_s is None or self._clock() - self._repaired_s >= self._steady_s

    def _fail(self, engine: Engine, error: EngineError) -> None:
        """Put a failed engine out of use and begin to repair, once for all threads that met the failure."""
        with self._lock:
            if self._engine is not engine or self._closing.is_set():
                return
            if self._is_steady:
                self._untried = sorted(range(len(self._loads)), key=lambda index: index != self._used)
            self._engine, self._cause = None, str(error)
        _log.error("the engine failed and is put out of use: %s", error)
        engine.close()
        with self._lock:
            if not self._closing.is_set():
                self._repair = threading.Thread(target=self._run_repair, name="engine-repair", daemon=True)
                self._repair.start()

    def _run_repair(self) -> None:
        while not self._closing.is_set():
            while self._untried:
                if self._try_load(self._untried.pop(0)):
                    return
            _log.error("no engine runs the model; trying again in %.0f s", self._retry_s)
            self._closing.wait(self._retry_s)
            self._untried = list(range(len(self._loads)))

    def _try_load(self, index: int) -> bool:
        try:
            engine = self._loads[index]()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, repairing goes on
            _log.error("an engine cannot be used: %s", error, exc_info=not isinstance(error, EdgeVisionError))
            with self._lock:
                self._cause = str(error)
            return False
        self._take_over(engine, index)
        return True

    def _take_over(self, engine: Engine, index: int) -> None:
        with self._lock:
            is_wanted = not self._closing.is_set()
            if is_wanted:
                self._engine, self._info, self._used = engine, engine.info, index
                self._repaired_s = self._clock()
        if is_wanted:
            _log.warning("the model runs again, on %s %s", engine.info.engine, engine.info.provider)
        else:
            engine.close()


def load_guarded(bundle: Bundle, settings: EngineSettings, streams: int) -> GuardedEngine:
    """Choose and load the engine of a bundle; every other one that the settings allow may replace it.

    Raises:
        BundleError: the bundle is refused.
        EngineError: no engine runs it as required.
    """
    chosen, engine = _load_chosen(bundle, settings, streams)
    others = [
        request
        for request in candidates(bundle, settings, streams)
        if request.precision == chosen.precision
        and (request.engine, request.provider) != (chosen.engine, chosen.provider)
    ]
    others.sort(key=lambda request: request.engine == chosen.engine)
    loads = [partial(load_engine, bundle, request) for request in (chosen, *others)]
    return GuardedEngine(engine, loads)


def _load_chosen(bundle: Bundle, settings: EngineSettings, streams: int) -> tuple[EngineRequest, Engine]:
    """Load what is chosen; what was once remembered may not run here, or not any more."""
    choice = choose_engine(bundle, settings, streams)
    try:
        return choice.request, load_engine(bundle, choice.request)
    except (BundleError, EngineError) as error:
        if not choice.is_remembered:
            raise
        _log.warning("the remembered engine does not run here, so all are measured again: %s", error)
    request = choose_engine(bundle, settings, streams, is_anew=True).request
    return request, load_engine(bundle, request)
