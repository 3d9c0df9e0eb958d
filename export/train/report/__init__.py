"""The report of a training: curves, figures and pictures in one HTML page and as PNG files."""

from export.train.report.write import write_report

__all__ = ["write_report"]
