"""The settings of evidence and previews, as pydantic models. A pure format."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EvidenceSettings", "PreviewSettings"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class EvidenceSettings(_Part):
    """The images kept of NG and ND parts, and of some OK ones, within a budget."""

    folder: Path
    """Relative to this file; made where it is missing. The station's name is a folder in it."""
    ok_one_in: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Keep one in so many OK parts, on average; none when absent. NG and ND are always kept."""
    overlay: bool = True
    """Keep a JPEG with the defects drawn on it, too."""
    budget_gb: Annotated[float, Field(gt=0.0, le=1e6)] = 20.0
    """All evidence of this station, in 10^9 bytes; beyond it the oldest is deleted, OK first."""
    min_free_gb: Annotated[float, Field(ge=0.0, le=1e6)] = 2.0
    """So much of the disk stays free, whoever fills it."""
    waiting_max_mb: Annotated[float, Field(gt=0.0, le=1e6)] = 128.0
    """Pixels waiting in memory to be written, in 10^6 bytes; beyond it evidence is lost, OK first."""


class PreviewSettings(_Part):
    """Small pictures on the topic `preview` of each camera."""

    every_s: Annotated[float, Field(ge=0.05, le=3600.0)] = 1.0
    """The newest OK of a camera at most so often; every NG and ND, at most four in this time."""
    width: Annotated[int, Field(strict=True, ge=64, le=4096)] = 640
    """In pixels; smaller frames are not enlarged."""
    jpeg_quality: Annotated[int, Field(strict=True, ge=10, le=100)] = 70
