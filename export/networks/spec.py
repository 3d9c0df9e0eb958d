"""What a network looks like, as plain data that travels in checkpoints and training configurations."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["NetworkSpec"]


class NetworkSpec(BaseModel):
    """The shape of a segmentation network; equal specs build equal networks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["unet", "unet-lite"] = "unet-lite"
    """unet: classical, transposed convolutions. unet-lite: resize plus convolution, quantises fully."""
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

    @property
    def stride(self) -> int:
        """What both input sides must be a multiple of."""
        return self.stem_stride << self.depth
