"""The settings of what the rest of the plant gets besides messages, as pydantic models. A pure format."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["HomeAssistantSettings", "MetricsPageSettings"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class HomeAssistantSettings(_Part):
    """The station as a device of Home Assistant, found over the same broker."""

    enabled: bool = False
    """False takes a device away again that was announced before."""
    prefix: Annotated[str, Field(pattern=r"^[^/+#$\s]+(/[^/+#\s]+)*$")] = "homeassistant"
    """The discovery prefix of Home Assistant."""


class MetricsPageSettings(_Part):
    """Figures and health over HTTP, on the loopback interface only."""

    port: Annotated[int, Field(strict=True, ge=1, le=65535)]
