"""What a detector looks like, as plain data that travels in checkpoints and training configurations."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DetectorSpec"]

SSD300_SMALLEST_PX = 268

Channels = Annotated[int, Field(ge=4, le=2048)]


class DetectorSpec(BaseModel):
    """The shape of an SSD detector; equal specs build equal networks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["ssdlite", "ssd300-vgg16"] = "ssdlite"
    """ssdlite: light and trained from nothing. ssd300-vgg16: the network of the 2016 paper."""
    classes: Annotated[int, Field(ge=1, le=255)]
    """Background not included."""
    input_channels: Literal[1, 2, 3, 6] = 3
    """Twice the picture's where a reference picture goes in beside it."""
    widths: Annotated[tuple[Channels, ...], Field(min_length=3, max_length=8)] = (16, 32, 64, 128)
    """ssdlite: channels at stride 2, 4, 8, ... of the input."""
    blocks: tuple[Annotated[int, Field(ge=0, le=8)], ...] = (0, 1, 2, 2)
    """ssdlite: 3x3 convolutions at each of these strides, beside the one that halves."""
    head_channels: Channels = 64
    """ssdlite: channels of the top-down path and of the heads."""
    map_strides: Annotated[tuple[int, ...], Field(min_length=1)] = (8,)
    """ssdlite: strides of the maps that boxes are read from, finest first."""

    @model_validator(mode="after")
    def _consistent(self) -> "DetectorSpec":
        if len(self.blocks) != len(self.widths):
            msg = f"blocks: expected {len(self.widths)} numbers, one per width, got {len(self.blocks)}"
            raise ValueError(msg)
        halvings = [2 << level for level in range(len(self.widths))]
        if list(self.map_strides) != [s for s in halvings if s in self.map_strides] or 2 in self.map_strides:
            msg = f"map_strides: expected some of {halvings[1:]}, rising, got {list(self.map_strides)}"
            raise ValueError(msg)
        return self

    @property
    def stride(self) -> int:
        """What both input sides must be a multiple of."""
        return 1 if self.kind == "ssd300-vgg16" else 1 << len(self.widths)

    @property
    def smallest_px(self) -> int:
        """The least that both input sides must have: the coarsest maps need cells."""
        return SSD300_SMALLEST_PX if self.kind == "ssd300-vgg16" else self.stride
