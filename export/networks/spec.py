"""What a network looks like, as plain data that travels in checkpoints and training configurations."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["NetworkSpec"]


class NetworkSpec(BaseModel):
    """The shape of a segmentation network; equal specs build equal networks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["unet", "unet-lite", "unet-efficient"] = "unet-lite"
    """unet: classical, transposed convolutions. unet-lite: resize plus convolution, quantises fully.
    unet-efficient: the decoder of unet-lite on an EfficientNet-Lite0, for few pictures."""
    classes: Annotated[int, Field(ge=2, le=256)]
    """Background included."""
    base_channels: Annotated[int, Field(ge=4, le=256)] = 16
    """Channels of the first level; doubled at each level below."""
    max_channels: Annotated[int, Field(ge=4, le=2048)] = 1024
    """No level gets more."""
    depth: Annotated[int, Field(ge=1, le=6)] = 4
    """How often the resolution is halved; input sides must be multiples of `stride`."""
    stem_stride: Literal[1, 2] = 1
    """2: all levels work at half the input's resolution, a quarter of the cost."""
    image_head: bool = False
    """Whether the deepest level also says which classes the picture shows, and biases the pixels by it."""

    @model_validator(mode="after")
    def _as_the_encoder(self) -> "NetworkSpec":
        if self.kind == "unet-efficient" and (self.depth, self.stem_stride) != (4, 2):
            msg = (
                f"unet-efficient: expected depth 4 and stem_stride 2, got {self.depth} and {self.stem_stride}"
            )
            raise ValueError(msg)
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level, the finest first; of a unet-efficient its decoder's."""
        return tuple(min(self.base_channels << level, self.max_channels) for level in range(self.depth + 1))

    @property
    def stride(self) -> int:
        """What both input sides must be a multiple of."""
        return self.stem_stride << self.depth
