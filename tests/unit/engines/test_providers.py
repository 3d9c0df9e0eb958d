from pathlib import Path

import pytest

from edgevision.engines.providers import compute_precision, provider_chain, tensorrt_folder
from edgevision.engines.spec import EngineRequest, ProviderName

ALL = ("tensorrt", "cuda", "cpu")
INT8 = EngineRequest("onnxruntime", "int8", "tensorrt")
FP32 = EngineRequest("onnxruntime", "fp32", "cuda")
HALF = EngineRequest("onnxruntime", "fp32", "tensorrt", half=True)


def names(provider: ProviderName, available: tuple[str, ...] = ALL) -> list[str]:
    request = EngineRequest("onnxruntime", "fp32", provider)
    return [name for name, _ in provider_chain(request, available, has_graph=False, trt_cache=None)]


def test_operators_that_a_provider_lacks_go_to_the_next_one_that_is_there() -> None:
    assert names("cpu") == ["CPUExecutionProvider"]
    assert names("cuda") == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert names("tensorrt")[0] == "TensorrtExecutionProvider"
    assert names("tensorrt", ("cpu",)) == names("cuda", ("cpu",)) == ["CPUExecutionProvider"]


def test_a_graph_is_captured_by_the_asked_provider_only() -> None:
    for request, graphs in ((FP32, {"enable_cuda_graph": "1"}), (INT8, {"trt_cuda_graph_enable": "1"})):
        chain = provider_chain(request, ALL, has_graph=True, trt_cache=None)
        found = {key: value for _, options in chain for key, value in options.items() if "graph" in key}
        assert {key: value for key, value in found.items() if value == "1"} == graphs


def test_a_gpu_is_exact_unless_half_is_allowed() -> None:
    exact, half = (dict(provider_chain(r, ALL, has_graph=False, trt_cache=None)) for r in (FP32, HALF))
    assert exact["CUDAExecutionProvider"]["use_tf32"] == "0"
    assert half["CUDAExecutionProvider"]["use_tf32"] == "1"
    assert half["TensorrtExecutionProvider"]["trt_fp16_enable"] == "1"


@pytest.mark.parametrize(
    ("request_", "provider", "said"),
    [
        (FP32, "cuda", "fp32"),
        (HALF, "cuda", "tf32"),
        (HALF, "tensorrt", "fp16"),
        (HALF, "cpu", "fp32"),
        (INT8, "tensorrt", "int8"),
    ],
)
def test_results_name_the_arithmetic_in_use(request_: EngineRequest, provider: str, said: str) -> None:
    assert compute_precision(request_, provider) == said


def test_what_tensorrt_builds_is_kept_apart_by_version_model_and_arithmetic() -> None:
    folders = {
        tensorrt_folder(Path("/cache"), version, sha256, request)
        for version, sha256, request in (
            ("1.31", "a" * 64, INT8),
            ("1.32", "a" * 64, INT8),
            ("1.32", "b" * 64, INT8),
            ("1.32", "a" * 64, HALF),
        )
    }
    assert len(folders) == 4
