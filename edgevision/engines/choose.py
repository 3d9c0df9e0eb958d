"""Finds the fastest engine of this machine for a bundle, by measuring, once.

The result is remembered for the same bundle, engine versions, processor, threads and streams;
`edgevision` measures again when one of them changes or the cache file is deleted.
"""

import hashlib
import importlib.util
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from edgevision.bundle.archive import Bundle
from edgevision.bundle.golden import golden_batch
from edgevision.bundle.manifest import Precision
from edgevision.config.station import EngineSettings
from edgevision.engines import onnx, openvino
from edgevision.engines.choices import ChoiceFile, Measurement, default_cache_dir
from edgevision.engines.load import load_engine
from edgevision.engines.machine import available_threads, processor
from edgevision.engines.measure import median_ms
from edgevision.engines.spec import EngineName, EngineRequest, ProviderName
from edgevision.errors import BundleError, EdgeVisionError, EngineError
from edgevision.ports import Engine

__all__ = ["BUDGET_S", "Choice", "candidates", "choose_engine"]

BUDGET_S = 2.0
_NEARLY_AS_FAST = 1.1
_VERSIONS = {"onnxruntime": onnx.version, "openvino": openvino.version}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to load, and how it was found."""

    request: EngineRequest
    measurements: tuple[Measurement, ...] = ()
    """Of all candidates; empty when there was only one."""
    is_remembered: bool = False
    """True when the measurements are those of an earlier start."""


def choose_engine(bundle: Bundle, settings: EngineSettings, streams: int = 1) -> Choice:
    """Decide which engine, provider and precision to run.

    Loads every candidate and measures one call at a time when there is more than one and no
    earlier result. Candidates that do not load or whose golden samples differ are left out.

    Raises:
        EngineError: no candidate is installed, or none runs.
        BundleError: every candidate refuses the bundle.
    """
    requests = candidates(bundle, settings, streams)
    if len(requests) == 1:
        return Choice(replace(requests[0], require=settings.require))
    file = ChoiceFile(settings.cache_dir or default_cache_dir())
    key = _key(bundle, requests)
    measurements = file.read(key)
    request = _fastest(requests, measurements)
    is_remembered = request is not None
    if request is None:
        measurements, is_lasting = _measure(bundle, requests)
        request = _fastest(requests, measurements)
        if is_lasting:
            file.write(key, measurements)
    assert request is not None, "_measure raises unless a candidate runs"
    return Choice(replace(request, require=settings.require), measurements, is_remembered)


def candidates(bundle: Bundle, settings: EngineSettings, streams: int = 1) -> tuple[EngineRequest, ...]:
    """Return what the settings allow, the bundle has and the machine may be able to run.

    Raises:
        EngineError: no engine is installed, or the bundle lacks the asked precision.
    """
    threads = settings.threads or available_threads()
    unasked = settings.provider == "auto"
    return tuple(
        EngineRequest(
            engine=engine,
            precision=precision,
            provider=provider,
            threads=threads,
            streams=streams,
            cache_dir=settings.cache_dir,
            # What nobody asked for is not worth trying unless it is really there.
            require=settings.require or unasked,
        )
        for engine in _engines(settings)
        for provider in _providers(engine, settings)
        for precision in _precisions(bundle, settings)
    )


def _engines(settings: EngineSettings) -> Sequence[EngineName]:
    if settings.name != "auto":
        return (settings.name,)
    names: tuple[EngineName, ...] = ("onnxruntime", "openvino")
    if settings.provider in ("cuda", "tensorrt"):
        names = ("onnxruntime",)
    installed = [name for name in names if importlib.util.find_spec(name) is not None]
    if not installed:
        raise EngineError(
            f"expected one of {', '.join(names)} to be installed, found none; "
            "install edgevision[cpu], edgevision[gpu] or edgevision[openvino]"
        )
    return installed


def _providers(engine: EngineName, settings: EngineSettings) -> Sequence[ProviderName]:
    """Return the providers to try; TensorRT builds for minutes, so it is never tried unasked."""
    if settings.provider != "auto":
        return (settings.provider,)
    if engine == "onnxruntime" and "cuda" in onnx.available_providers():
        return ("cuda", "cpu")
    return ("cpu",)


def _precisions(bundle: Bundle, settings: EngineSettings) -> Sequence[Precision]:
    """Return the precisions to try, int8 first: at equal speed it is the smaller one."""
    if settings.precision == "auto":
        return sorted(bundle.manifest.models, reverse=True)
    return (settings.precision,)


def _key(bundle: Bundle, requests: Sequence[EngineRequest]) -> str:
    engines = sorted({request.engine for request in requests})
    facts = {
        "bundle": bundle.sha256,
        "versions": {name: _VERSIONS[name]() for name in engines},
        "processor": processor(),
        "candidates": [[r.engine, r.provider, r.precision, r.threads, r.streams] for r in requests],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _fastest(requests: Sequence[EngineRequest], measurements: Sequence[Measurement]) -> EngineRequest | None:
    """Return the first request that is nearly as fast as the fastest.

    Where two are as fast as each other, noise must not decide: the answer differs between precisions.
    """
    times = {(m.engine, m.provider, m.precision): m.median_ms for m in measurements}
    timed = [
        (time_ms, request)
        for request in requests
        if (time_ms := times.get((request.engine, request.provider, request.precision))) is not None
    ]
    limit_ms = min((time_ms for time_ms, _ in timed), default=0.0) * _NEARLY_AS_FAST
    return next((request for time_ms, request in timed if time_ms <= limit_ms), None)


def _measure(bundle: Bundle, requests: Sequence[EngineRequest]) -> tuple[tuple[Measurement, ...], bool]:
    """Return all measurements, and whether they hold at the next start.

    They do not when a provider was missing or an engine failed: someone may repair that.
    """
    deadline = time.monotonic() + BUDGET_S
    loaded, refused = _load_all(bundle, requests)
    try:
        batch = golden_batch(bundle, bundle.manifest.golden[0])
        calls = [partial(engine.infer, batch) for engine in loaded.values()]
        times = median_ms(calls, deadline - time.monotonic())
    finally:
        for engine in loaded.values():
            engine.close()
    medians = dict(zip(loaded, times, strict=True))
    used = {request: engine.info.provider for request, engine in loaded.items()}
    is_lasting = not any(engine.info.is_fallback for engine in loaded.values()) and all(
        isinstance(error, BundleError) for error in refused.values()
    )
    measurements = tuple(
        Measurement(
            engine=request.engine,
            provider=request.provider,
            precision=request.precision,
            provider_used=used.get(request, ""),
            median_ms=medians.get(request),
            excluded=str(refused.get(request, "")),
        )
        for request in requests
    )
    return measurements, is_lasting


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
