import json

from edgevision.bench.report import encode
from tests.unit.bench.reports import round_report


def test_the_json_holds_every_figure_under_plain_names() -> None:
    content = json.loads(encode(round_report()))

    assert content["schema"] == "edgevision.bench/1"
    assert content["machine"]["cores"] == 2
    assert content["video"]["size_wh"] == [1280, 720]
    assert content["models"][0]["cpu_ms"] == {"median": 8.0, "low": 7.0, "high": 9.0}
    assert content["loops"][0]["figures"]["share"]["median"] == 0.904
    assert content["refused"] == {"onnxruntime cpu int8": "golden sample differs"}
    assert content["start"]["first_verdict_s"]["high"] == 1.2


def test_the_same_report_gives_the_same_bytes() -> None:
    assert encode(round_report()) == encode(round_report())
