"""The settings of recording, as a pydantic model. A pure format."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RecordSettings"]


class RecordSettings(BaseModel):
    """The inspected frames kept losslessly, from the start of the station until a bound is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    folder: Path
    """Relative to this file; made where it is missing. Each start makes STATION/TIME/CAMERA in it."""
    max_gb: Annotated[float, Field(gt=0.0, le=1e6)] = 20.0
    """One start records so much at most, in 10^9 bytes, of all cameras together."""
    max_minutes: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """And so long, from its first frame; without a limit when absent."""
    min_free_gb: Annotated[float, Field(ge=0.0, le=1e6)] = 2.0
    """So much of the disk stays free."""
    waiting_max_mb: Annotated[float, Field(gt=0.0, le=1e6)] = 128.0
    """Pixels waiting in memory to be written, in 10^6 bytes; beyond it frames are left out."""
