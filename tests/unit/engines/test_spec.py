import pytest

from edgevision.engines.spec import EngineRequest


@pytest.mark.parametrize(("threads", "streams", "expected"), [(4, 1, 4), (4, 2, 2), (2, 2, 1), (1, 4, 1)])
def test_streams_share_the_threads(threads: int, streams: int, expected: int) -> None:
    request = EngineRequest("onnxruntime", "int8", threads=threads, streams=streams)
    assert request.threads_per_stream == expected
