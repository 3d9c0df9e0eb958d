from edgevision.engines.divide import divided
from edgevision.engines.spec import EngineRequest


def ways(request: EngineRequest) -> list[tuple[int, int]]:
    return [(other.streams, other.threads) for other in divided([request])]


def test_what_was_asked_comes_first_then_fewer_streams_and_half_the_threads() -> None:
    request = EngineRequest("openvino", "int8", threads=4, streams=4)

    assert ways(request) == [(4, 4), (2, 4), (2, 2), (1, 4), (1, 2)]


def test_one_call_at_a_time_may_be_as_fast_on_half_the_threads() -> None:
    assert ways(EngineRequest("openvino", "int8", threads=8, streams=1)) == [(1, 8), (1, 4)]
    assert ways(EngineRequest("openvino", "int8", threads=1, streams=1)) == [(1, 1)]


def test_all_that_was_asked_comes_before_any_other_division() -> None:
    asked = [EngineRequest(name, "int8", threads=2, streams=2) for name in ("onnxruntime", "openvino")]

    assert divided(asked)[:2] == tuple(asked)
