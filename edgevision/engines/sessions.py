"""Opens sessions of ONNX Runtime on the provider that is asked for. The library itself is handed in."""

import hashlib
import logging
import warnings
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from edgevision.engines.binding import reason
from edgevision.engines.providers import NAMES, provider_chain, tensorrt_folder
from edgevision.engines.spec import EngineRequest
from edgevision.errors import EngineError

__all__ = ["load_libraries", "open_session", "providers_of"]

_ERRORS_ONLY, _FATAL_ONLY = 3, 4
_log = logging.getLogger(__name__)


def providers_of(runtime: ModuleType) -> tuple[str, ...]:
    """Return `cpu`, `cuda`, … as this build of ONNX Runtime lists them; loading may still fail."""
    return tuple(NAMES[name] for name in runtime.get_available_providers() if name in NAMES)


@cache
def load_libraries(runtime: ModuleType) -> None:
    """Load NVIDIA's libraries from edgevision[gpu]'s packages, where the linker does not look; once."""
    said = StringIO()
    with redirect_stdout(said):  # It prints what it does not find.
        runtime.preload_dlls()
    if said.getvalue():
        _log.info("CUDA's libraries: %s", said.getvalue().strip())


def open_session(runtime: ModuleType, model: bytes, request: EngineRequest, *, has_graph: bool) -> Any:
    """Return a session, on a GPU one that captures a CUDA graph if `has_graph`; raises EngineError.

    ONNX Runtime may fall back to another provider than the one asked for.
    """
    cache_folder = (
        None if request.cache_dir is None else _trt_cache(runtime, model, request, request.cache_dir)
    )
    chain = provider_chain(request, providers_of(runtime), has_graph=has_graph, trt_cache=cache_folder)
    options = _options(runtime, request)
    # That a model cannot have a graph is no error to print: it is opened without one.
    options.log_severity_level = _FATAL_ONLY if has_graph else _ERRORS_ONLY
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Without enable_fallback=0 it prints to stdout and tries again on the CPU.
            return runtime.InferenceSession(model, options, providers=chain, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's own errors share no base class but this one.
        raise EngineError(
            f"ONNX Runtime: cannot load the {request.precision} model on {request.provider}: "
            f"{reason(error)}; build the bundle again or choose another engine"
        ) from error


def _trt_cache(runtime: ModuleType, model: bytes, request: EngineRequest, cache_dir: Path) -> Path | None:
    """Return the folder for what TensorRT builds, made; it makes only the last one itself."""
    if request.provider != "tensorrt":
        return None
    sha256 = hashlib.sha256(model).hexdigest()
    folder = tensorrt_folder(cache_dir, str(runtime.__version__), sha256, request)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("%s: TensorRT builds at each start, nothing can be kept: %s", folder, error.strerror)
        return None
    return folder


def _options(runtime: ModuleType, request: EngineRequest) -> Any:
    options = runtime.SessionOptions()
    # Explicit, so that no affinity is set: that fails in containers and cpusets.
    options.intra_op_num_threads = request.threads_per_stream
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
