"""The folder in which a model grows from step to step: ONNX files, facts about them, reports."""

from pathlib import Path
from typing import Any

import onnx
from pydantic import BaseModel, ConfigDict, ValidationError

from edgevision.bundle.manifest import Precision, Quantization
from edgevision.errors import OutputError, UsageError
from export.description import Description

__all__ = ["Facts", "Work"]


class Facts(BaseModel):
    """What is known of a converted model besides its files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Description
    """Completed by what the checkpoint says, and true of the converted model."""
    given: Description
    """As the user wrote it."""
    source: str
    """The checkpoint, `module:function` or ONNX file it came from."""
    training: dict[str, Any] = {}
    """The training configuration; empty for foreign models."""
    training_minutes: float = 0.0
    max_abs_difference: float | None = None
    """Of a probability, torch against ONNX; None where there is no torch module."""
    compared_inputs: int = 0
    quantization: Quantization | None = None


class Work:
    """One such folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it is missing. Raises OutputError."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made: {error.strerror}; choose another folder") from error

    def model_path(self, precision: Precision) -> Path:
        """Return where an ONNX file lies."""
        return self.folder / f"model.{precision}.onnx"

    def read_model(self, precision: Precision) -> onnx.ModelProto:
        """Return an ONNX file of an earlier step. Raises UsageError when that step was not done."""
        path = self.model_path(precision)
        try:
            return onnx.load(path)
        except OSError as error:
            step = "convert" if precision == "fp32" else "quantize"
            raise UsageError(
                f"{path}: expected the {precision} model, found none; run {step} first"
            ) from error

    def write_model(self, precision: Precision, model: onnx.ModelProto) -> None:
        """Write an ONNX file. Raises OutputError."""
        self.write(self.model_path(precision).name, model.SerializeToString(deterministic=True))

    def read_facts(self) -> Facts:
        """Return the facts. Raises UsageError when there are none or they are damaged."""
        path = self.folder / "model.json"
        try:
            return Facts.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"{path}: expected the facts of a converted model: {error}; run convert first"
            ) from error

    def write_facts(self, facts: Facts) -> None:
        """Write the facts. Raises OutputError."""
        self.write("model.json", facts.model_dump_json(indent=2, by_alias=True).encode() + b"\n")

    def write(self, name: str, data: bytes) -> Path:
        """Write a file and return its path. Raises OutputError."""
        path = self.folder / name
        try:
            path.write_bytes(data)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}; is there room?") from error
        return path
