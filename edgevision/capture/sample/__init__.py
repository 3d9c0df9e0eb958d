"""The sample line: procedural parts on a belt, with and without flaws, and the exact truth.

Needs no file and no camera; the same seed gives the same parts on every machine.
"""

from edgevision.capture.sample.look import LINE, PITTED, WIDE, Look
from edgevision.capture.sample.marks import mark_pattern, variant_name
from edgevision.capture.sample.scene import CLASS_NAMES, render_part
from edgevision.capture.sample.source import SampleSource, parse_sample_address

__all__ = [
    "CLASS_NAMES",
    "LINE",
    "PITTED",
    "WIDE",
    "Look",
    "SampleSource",
    "mark_pattern",
    "parse_sample_address",
    "render_part",
    "variant_name",
]
