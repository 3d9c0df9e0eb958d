"""The info message: what exactly runs at this station. Finding it out is not done here."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from edgevision.messages.wire import MessageModel, epoch_ms, iso_utc
from edgevision.ports import EngineInfo
from edgevision.types import ModelRef, RecipeRef

__all__ = ["SCHEMA", "HostFacts", "InfoMessage", "ModelEntry", "info_message"]

SCHEMA = "edgevision.info/1"


class ModelEntry(MessageModel):
    """One model and what runs it."""

    task: str
    """Name of the step in the recipe."""
    bundle: str
    version: str
    hash: str
    precision: str
    engine: str
    engine_version: str
    provider_requested: str
    provider: str
    """In use; another one than requested is a fallback."""
    threads: int
    streams: int


class HostFacts(MessageModel):
    """The machine."""

    hostname: str
    os: str
    machine: str
    """Processor architecture."""
    cpu: str
    cpu_count: int
    """Processors that this process may use."""
    python: str


class InfoMessage(MessageModel):
    """Retained on `{root}/{station}/info`; sent at every connection."""

    schema_: Annotated[Literal["edgevision.info/1"], Field(alias="schema")]
    ts: int
    """When the station started, milliseconds since the epoch."""
    time: str
    """The same in ISO-8601 UTC."""
    station: str
    version: str
    """Of edgevision."""
    recipe: str
    recipe_version: str
    recipe_hash: str
    cameras: tuple[str, ...]
    models: tuple[ModelEntry, ...]
    mqtt_protocol: Literal["5", "3.1.1"] | None = None
    """What the connection that carries this message speaks; set by the publisher."""
    host: HostFacts


def info_message(
    *,
    station: str,
    version: str,
    recipe: RecipeRef,
    cameras: Sequence[str],
    models: Sequence[ModelRef],
    engines: Mapping[str, EngineInfo],
    host: HostFacts,
    started_ns: int,
) -> dict[str, Any]:
    """Return the info message.

    Args:
        station: Name of the station.
        version: Of edgevision.
        recipe: What is loaded.
        cameras: Names.
        models: One per task of the recipe.
        engines: By name of the task.
        host: The machine.
        started_ns: UTC.
    """
    return InfoMessage(
        schema_=SCHEMA,
        ts=epoch_ms(started_ns),
        time=iso_utc(started_ns),
        station=station,
        version=version,
        recipe=recipe.name,
        recipe_version=recipe.version,
        recipe_hash=f"sha256:{recipe.sha256}",
        cameras=tuple(cameras),
        models=tuple(_entry(model, engines[model.task]) for model in models),
        host=host,
    ).to_dict()


def _entry(model: ModelRef, engine: EngineInfo) -> ModelEntry:
    return ModelEntry(
        task=model.task,
        bundle=model.bundle,
        version=model.version,
        hash=f"sha256:{model.sha256}",
        precision=engine.precision,
        engine=engine.engine,
        engine_version=engine.version,
        provider_requested=engine.requested,
        provider=engine.provider,
        threads=engine.threads,
        streams=engine.streams,
    )
