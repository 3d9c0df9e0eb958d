"""The training configuration of an embedder: a YAML file under `export/recipes/`, read strictly."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from export.configfile import has_schema, read_config
from export.networks.embedders import AnyEmbedderSpec
from export.train.config import Optimisation

__all__ = ["SCHEMA", "EmbedConfig", "FaceData", "MarkData", "is_embedder_config", "load_embed_config"]

SCHEMA: Final = "edgevision.embedder-training/1"
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MarkData(_Part):
    """Marks as the sample line prints them, of variants of their own."""

    kind: Literal["marks"]
    identities: Annotated[int, Field(ge=2, le=100_000)]
    first_variant: Annotated[int, Field(ge=0)] = 1000
    """Variants are numbered from here on; those that models are judged by come behind all of them."""
    grounds: Count = 300
    """How many parts are rendered to print on."""
    margin: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    """Around the mark's box, as a share of its sides: what stations have to cut out too."""
    jitter: Share = 0.04


class FaceData(_Part):
    """Drawn faces: nobody's."""

    kind: Literal["drawn-faces"]
    identities: Annotated[int, Field(ge=2, le=100_000)]


class Loss(_Part):
    """What the loss is made of."""

    scale: Annotated[float, Field(gt=0.0)] = 32.0
    margin: Annotated[float, Field(ge=0.0, le=1.0)] = 0.4
    """An angle in radians; grows from 0 to this in the second third of the training."""
    upright: Annotated[float, Field(ge=0.0)] = 4.0
    """Weight of where the upright square was found."""
    known_share: Share = 0.5
    """Share of pictures that are turned upright by their true position."""


class EmbedConfig(_Part):
    """A training configuration."""

    schema_: Literal["edgevision.embedder-training/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    seed: int = 0
    network: AnyEmbedderSpec
    mean: float = 0.5
    std: Annotated[float, Field(gt=0.0)] = 0.25
    data: MarkData | FaceData = Field(discriminator="kind")
    loss: Loss = Loss()
    optimisation: Optimisation

    @model_validator(mode="after")
    def _consistent(self) -> "EmbedConfig":
        if self.network.upright_px and self.data.kind != "marks":
            msg = "network.upright_px: expected data that knows how its pictures are turned: marks"
            raise ValueError(msg)
        if self.network.kind == "patterns" and self.data.kind == "marks":
            msg = "network.kind: patterns tell pictures that come aligned; expected bottlenecks for marks"
            raise ValueError(msg)
        return self


def is_embedder_config(path: Path) -> bool:
    """Tell an embedder's training configuration from others. Raises ConfigError."""
    return has_schema(path, SCHEMA)


def load_embed_config(path: Path) -> EmbedConfig:
    """Read a training configuration. Raises ConfigError with file, line, key and remedy."""
    return read_config(path, EmbedConfig)
