"""How ONNX Runtime is told where to run: its execution providers with their options. Pure.

The names of the options are those of ONNX Runtime's CUDA and TensorRT providers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgevision.engines.spec import EngineRequest, ProviderName

__all__ = ["NAMES", "compute_precision", "provider_chain", "tensorrt_folder"]

_ONNX_NAMES: Mapping[ProviderName, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
NAMES = {name: provider for provider, name in _ONNX_NAMES.items()}
"""Our name of each provider that may be asked for, by ONNX Runtime's."""
_CHAINS: Mapping[ProviderName, tuple[ProviderName, ...]] = {
    "cpu": ("cpu",),
    "cuda": ("cuda", "cpu"),
    "tensorrt": ("tensorrt", "cuda", "cpu"),
}
Options = dict[str, str]


def provider_chain(
    request: EngineRequest, available: Sequence[str], *, has_graph: bool, trt_cache: Path | None
) -> list[tuple[str, Options]]:
    """Return the asked provider and those that take the operators it lacks, where this build has them.

    Args:
        request: What is asked.
        available: Our names of the providers of this build.
        has_graph: Capture a CUDA graph, which ONNX Runtime refuses for models that need the CPU, too.
        trt_cache: Where TensorRT keeps what it builds for minutes.
    """
    usable = [name for name in _CHAINS[request.provider] if name in available]
    options = {
        "cpu": {},
        "cuda": _cuda(request, has_graph=has_graph and request.provider == "cuda"),
        "tensorrt": _tensorrt(request, has_graph=has_graph, cache=trt_cache),
    }
    return [(_ONNX_NAMES[name], options[name]) for name in usable]


def _cuda(request: EngineRequest, *, has_graph: bool) -> Options:
    # TF32 is the provider's default on newer cards: stations would give different answers.
    return {"use_tf32": _flag(request.half), "enable_cuda_graph": _flag(has_graph)}


def _tensorrt(request: EngineRequest, *, has_graph: bool, cache: Path | None) -> Options:
    options = {
        "trt_fp16_enable": _flag(request.half),
        "trt_int8_enable": _flag(request.precision == "int8"),
        "trt_cuda_graph_enable": _flag(has_graph),
    }
    if cache is not None:
        options |= {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(cache),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(cache),
        }
    return options


def tensorrt_folder(cache_dir: Path, version: str, model_sha256: str, request: EngineRequest) -> Path:
    """Return where what TensorRT builds is kept: never used for another model, library or arithmetic.

    The card's architecture is part of TensorRT's own file names.
    """
    arithmetic = compute_precision(request, "tensorrt")
    return cache_dir / "tensorrt" / f"{version}-{model_sha256[:16]}-{arithmetic}"


def compute_precision(request: EngineRequest, provider: str) -> str:
    """Return what the results call the arithmetic of a model file on the provider in use."""
    if request.half and request.precision == "fp32":
        return {"cuda": "tf32", "tensorrt": "fp16"}.get(provider, "fp32")
    return request.precision


def _flag(value: bool) -> str:
    return "1" if value else "0"
