"""A report with round figures, for the tests of its forms."""

from edgevision.bench.figures import LoopFigures, Spread
from edgevision.bench.report import Loop, Machine, Model, Report, Start, Video

__all__ = ["ROUND", "round_report"]

ROUND = Spread(8.0, 7.0, 9.0)


def round_report() -> Report:
    """Return a report of two engines, of which one does not run."""
    figures = LoopFigures(
        rate_hz=Spread(150.0, 140.0, 155.0),
        cpu_ms=Spread(12.5, 12.0, 13.0),
        bound_hz=Spread(166.0, 160.0, 170.0),
        share=Spread(0.904, 0.85, 0.95),
        cpu_ratio=Spread(1.061, 1.05, 1.09),
    )
    return Report(
        machine=Machine("Sample CPU", 2, "Linux", {"python": "3.11.2"}, load_before=0.25),
        bundle="tiny 1.0.0",
        bundle_sha256="ab" * 32,
        input_size_wh=(64, 48),
        rounds=3,
        video=Video("belt.mp4", "h264", (1280, 720), 300, is_made=False),
        models=(Model("openvino", "cpu", "int8", ROUND, ROUND, ROUND),),
        refused={"onnxruntime cpu int8": "golden sample differs"},
        decode_rate_hz=ROUND,
        decode_cpu_ms=ROUND,
        loops=(Loop("openvino", "cpu", "int8", figures),),
        start=Start(Spread(0.4, 0.4, 0.4), Spread(1.1, 1.0, 1.2), Spread(211.4, 210.0, 213.0)),
    )
