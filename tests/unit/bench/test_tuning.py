from edgevision.bench.tuning import reason, tuning_table
from edgevision.engines.choices import Measurement
from edgevision.engines.choose import Choice
from edgevision.engines.spec import EngineRequest

INT8 = Measurement(engine="openvino", provider="cpu", precision="int8", threads=2, streams=2, median_ms=4.2)
FP32 = Measurement(engine="openvino", provider="cpu", precision="fp32", threads=2, streams=1, median_ms=4.0)
FELL_BACK = Measurement(
    engine="onnxruntime",
    provider="cuda",
    precision="int8",
    threads=2,
    streams=2,
    provider_used="cpu",
    median_ms=9.0,
)
EXCLUDED = Measurement(
    engine="onnxruntime", provider="cpu", precision="int8", threads=2, streams=2, excluded="golden sample"
)
CHOICE = Choice(EngineRequest("openvino", "int8", threads=2, streams=2), (EXCLUDED, FELL_BACK, INT8, FP32))


def test_the_fastest_comes_first_and_what_was_excluded_last_with_its_reason() -> None:
    rows = tuning_table("Live", CHOICE).rows

    assert rows == [
        ("openvino", "cpu", "fp32", "1", "2", "4.00 ms", ""),
        ("openvino", "cpu", "int8", "2", "2", "4.20 ms", "chosen"),
        ("onnxruntime", "cuda, runs on cpu", "int8", "2", "2", "9.00 ms", ""),
        ("onnxruntime", "cpu", "int8", "2", "2", "", "not used: golden sample"),
    ]


def test_a_choice_that_is_not_the_fastest_is_explained() -> None:
    said = reason(CHOICE)

    assert said.startswith(
        "Chosen: openvino cpu int8 with 2 streams on 2 threads, 4.20 ms a call: within 10%"
    )
    assert "openvino cpu fp32 with 1 stream on 2 threads with 4.00 ms" in said


def test_the_fastest_needs_no_further_reason() -> None:
    choice = Choice(EngineRequest("openvino", "fp32", threads=2, streams=1), (INT8, FP32))

    assert (
        reason(choice) == "Chosen: openvino cpu fp32 with 1 stream on 2 threads, 4.00 ms a call, the fastest."
    )
