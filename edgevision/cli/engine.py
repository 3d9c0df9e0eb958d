"""The options with which commands choose an engine."""

from typing import Annotated, Literal

import typer

__all__ = ["EngineName", "Precision"]

EngineName = Annotated[
    Literal["auto", "onnxruntime", "openvino"],
    typer.Option(
        "--engine",
        help="auto measures what is installed here and remembers the fastest; "
        "name engine and precision where figures must be the same on every machine.",
    ),
]
Precision = Annotated[Literal["auto", "int8", "fp32"], typer.Option("--precision", help="Which model file.")]
