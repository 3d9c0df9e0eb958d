"""Builds embedders of all kinds by their specs."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from export.networks.embedder import Embedder, EmbedderSpec
from export.networks.patterns import PatternEmbedder, PatternSpec

__all__ = ["AnyEmbedder", "AnyEmbedderSpec", "build_embedder", "read_embedder_spec"]

AnyEmbedder = Embedder | PatternEmbedder
AnyEmbedderSpec = Annotated[EmbedderSpec | PatternSpec, Field(discriminator="kind")]
_READER: TypeAdapter[EmbedderSpec | PatternSpec] = TypeAdapter(AnyEmbedderSpec)


def build_embedder(spec: EmbedderSpec | PatternSpec) -> AnyEmbedder:
    """Build the network of a spec, with fresh random weights."""
    return PatternEmbedder(spec) if isinstance(spec, PatternSpec) else Embedder(spec)


def read_embedder_spec(values: object) -> EmbedderSpec | PatternSpec:
    """Read a spec from plain values. Raises pydantic's ValidationError."""
    return _READER.validate_python(values)
