"""Tries candidate engines out: loads all of them, lets them prove themselves, and times them in turns."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from edgevision.bundle.archive import Bundle
from edgevision.bundle.golden import golden_batch
from edgevision.engines.choices import Measurement
from edgevision.engines.load import load_engine
from edgevision.engines.measure import median_ms
from edgevision.engines.spec import EngineRequest
from edgevision.errors import BundleError, EdgeVisionError, EngineError
from edgevision.ports import Engine

__all__ = ["Trial", "try_out"]

_CALLS_EACH = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """How all candidates came out."""

    measurements: tuple[Measurement, ...]
    is_lasting: bool
    """Whether this holds at the next start: not when a provider was missing or an engine failed, which
    someone may repair."""


def try_out(bundle: Bundle, requests: Sequence[EngineRequest], at_once: int, budget_s: float) -> Trial:
    """Time every candidate that loads and reproduces the golden samples, with so many calls at a time.

    Raises:
        EngineError: none runs.
        BundleError: every one refuses the bundle.
    """
    deadline = time.monotonic() + budget_s
    loaded, refused = _load_all(bundle, requests)
    try:
        batch = golden_batch(bundle, bundle.manifest.golden[0])
        with ThreadPoolExecutor(at_once) as pool:
            calls = [_calls(engine, batch, at_once, pool) for engine in loaded.values()]
            times = median_ms([call for call, _ in calls], deadline - time.monotonic())
    finally:
        for engine in loaded.values():
            engine.close()
    medians = {
        request: time_ms / count for request, time_ms, (_, count) in zip(loaded, times, calls, strict=True)
    }
    used = {request: engine.info.provider for request, engine in loaded.items()}
    is_lasting = not any(engine.info.is_fallback for engine in loaded.values()) and all(
        isinstance(error, BundleError) for error in refused.values()
    )
    measurements = tuple(
        Measurement(
            engine=request.engine,
            provider=request.provider,
            precision=request.precision,
            threads=request.threads,
            streams=request.streams,
            provider_used=used.get(request, ""),
            median_ms=medians.get(request),
            excluded=str(refused.get(request, "")),
        )
        for request in requests
    )
    return Trial(measurements, is_lasting)


def _calls(
    engine: Engine, batch: npt.NDArray[np.uint8], at_once: int, pool: Executor
) -> tuple[Callable[[], object], int]:
    """Return what is timed, and how many calls of the engine it makes."""
    if at_once == 1:
        return partial(engine.infer, batch), 1
    batches = [batch] * (_CALLS_EACH * at_once)
    return lambda: list(pool.map(engine.infer, batches)), len(batches)


def _load_all(
    bundle: Bundle, requests: Sequence[EngineRequest]
) -> tuple[dict[EngineRequest, Engine], dict[EngineRequest, EdgeVisionError]]:
    """Return what loads and reproduces the golden samples, and why the rest does not."""
    loaded: dict[EngineRequest, Engine] = {}
    refused: dict[EngineRequest, EdgeVisionError] = {}
    for request in requests:
        try:
            loaded[request] = load_engine(bundle, request)
        except (BundleError, EngineError) as error:
            _log.warning("%s %s %s: not used: %s", request.engine, request.provider, request.precision, error)
            refused[request] = error
    if not loaded:
        raise _nothing_runs(bundle, refused)
    return loaded, refused


def _nothing_runs(bundle: Bundle, refused: Mapping[EngineRequest, EdgeVisionError]) -> EdgeVisionError:
    kind = BundleError if all(isinstance(error, BundleError) for error in refused.values()) else EngineError
    reasons = (f"  {r.engine} {r.provider} {r.precision}: {error}" for r, error in refused.items())
    return kind("\n".join([f"{bundle.source}: no engine of this machine runs it:", *reasons]))
