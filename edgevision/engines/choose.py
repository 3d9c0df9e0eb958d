"""Finds the fastest engine of this machine for a bundle, by measuring, once.

With one stream the latency of a call counts, with several the rate of as many calls at the same time.
The result is remembered for the same bundle, engine versions, processor, threads and streams;
`edgevision` measures again when one of them changes or the cache file is deleted.
"""

import hashlib
import importlib.util
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgevision.bundle.archive import Bundle
from edgevision.bundle.manifest import Precision
from edgevision.config.station import EngineSettings
from edgevision.engines import onnx, openvino
from edgevision.engines.choices import ChoiceFile, Measurement, default_cache_dir
from edgevision.engines.divide import divided
from edgevision.engines.machine import available_threads, processor
from edgevision.engines.spec import EngineName, EngineRequest, ProviderName
from edgevision.engines.trial import Trial, try_out
from edgevision.errors import EngineError, OutputError

__all__ = ["BUDGET_S", "NEARLY_AS_FAST", "Choice", "candidates", "choose_engine", "tune_engine"]

BUDGET_S = 2.0
NEARLY_AS_FAST = 1.1
"""Among candidates that come so near to the fastest, the first one is chosen."""
_log = logging.getLogger(__name__)
_PASSING = (
    "the measured engine choice is not remembered: a provider was missing or an engine failed, which may be "
    "repaired; it is measured again at each start until then"
)
_VERSIONS = {"onnxruntime": onnx.version, "openvino": openvino.version}


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to load, and how it was found."""

    request: EngineRequest
    measurements: tuple[Measurement, ...] = ()
    """Of all candidates; empty when there was only one."""
    is_remembered: bool = False
    """True when the measurements are those of an earlier start."""
    kept_in: Path | None = None
    """The file that now holds them for later starts."""
    unkept: OutputError | EngineError | None = None
    """Why they were measured and not kept."""


def choose_engine(
    bundle: Bundle, settings: EngineSettings, streams: int = 1, *, is_anew: bool = False
) -> Choice:
    """Decide which engine, provider and precision to run for so many calls at the same time.

    Loads and measures every candidate when there is more than one and no earlier result, which may be
    that of `tune_engine`, or `is_anew`. Candidates that do not load or whose golden samples differ are left
    out.

    Raises:
        EngineError: no candidate is installed, or none runs.
        BundleError: every candidate refuses the bundle.
    """
    requests = candidates(bundle, settings, streams)
    key = _key(bundle, requests)
    file = _file(settings)
    measurements = () if is_anew else file.read(key)
    request = _fastest(divided(requests), measurements)
    if request is not None:
        return Choice(replace(request, require=settings.require), measurements, is_remembered=True)
    if len(requests) == 1:
        return Choice(replace(requests[0], require=settings.require))
    choice = _chosen(requests, try_out(bundle, requests, streams, BUDGET_S), file, key, settings)
    if choice.unkept is not None:
        _log.warning("%s", choice.unkept)
    return choice


def tune_engine(
    bundle: Bundle, settings: EngineSettings, streams: int, budget_s: float, cache_dir: Path | None = None
) -> Choice:
    """Measure what `choose_engine` would, and other divisions of the threads, whatever is remembered.

    From then on `choose_engine` takes the fastest of all these.

    Args:
        bundle: The bundle.
        settings: As for `choose_engine`.
        streams: How many calls run at the same time: one for a live camera, more for several and for replay.
        budget_s: No new round of measuring begins after this time.
        cache_dir: Where whoever shall take it from then on looks; where `choose_engine` does when absent.

    Raises:
        EngineError: no candidate is installed, or none runs.
        BundleError: every candidate refuses the bundle.
    """
    requests = candidates(bundle, settings, streams)
    wider = divided(requests)
    file = _file(settings) if cache_dir is None else ChoiceFile(cache_dir)
    trial = try_out(bundle, wider, streams, budget_s)
    return _chosen(wider, trial, file, _key(bundle, requests), settings)


def _file(settings: EngineSettings) -> ChoiceFile:
    return ChoiceFile(settings.cache_dir or default_cache_dir())


def _chosen(
    requests: Sequence[EngineRequest], trial: Trial, file: ChoiceFile, key: str, settings: EngineSettings
) -> Choice:
    """Choose by a trial, and remember it where it will hold at the next start."""
    request = _fastest(requests, trial.measurements)
    assert request is not None, "try_out raises unless a candidate runs"
    choice = Choice(replace(request, require=settings.require), trial.measurements)
    if not trial.is_lasting:
        return replace(choice, unkept=EngineError(_PASSING))
    try:
        file.write(key, trial.measurements)
    except OutputError as error:
        return replace(choice, unkept=error)
    return replace(choice, kept_in=file.path)


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
            cache_dir=_compiled_in(provider, settings),
            half=settings.half and provider != "cpu",
            # What nobody asked for is not worth trying unless it is really there.
            require=settings.require or unasked,
        )
        for engine in _engines(settings)
        for provider in _providers(engine, settings)
        for precision in _precisions(bundle, settings)
    )


def _compiled_in(provider: ProviderName, settings: EngineSettings) -> Path | None:
    """Return where compiled models are kept; those of TensorRT always, because it takes minutes for one."""
    return settings.cache_dir or (default_cache_dir() if provider == "tensorrt" else None)


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
    facts: dict[str, object] = {
        "bundle": bundle.sha256,
        "versions": {name: _VERSIONS[name]() for name in engines},
        "processor": processor(),
        "candidates": [[r.engine, r.provider, r.precision, r.threads, r.streams] for r in requests],
    }
    if any(request.half for request in requests):
        facts["half"] = True
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _fastest(requests: Sequence[EngineRequest], measurements: Sequence[Measurement]) -> EngineRequest | None:
    """Return the first request that is nearly as fast as the fastest.

    Where two are as fast as each other, noise must not decide: the answer differs between precisions.
    """
    times = {(m.engine, m.provider, m.precision, m.threads, m.streams): m.median_ms for m in measurements}
    timed = [
        (time_ms, r)
        for r in requests
        if (time_ms := times.get((r.engine, r.provider, r.precision, r.threads, r.streams))) is not None
    ]
    limit_ms = min((time_ms for time_ms, _ in timed), default=0.0) * NEARLY_AS_FAST
    return next((request for time_ms, request in timed if time_ms <= limit_ms), None)
