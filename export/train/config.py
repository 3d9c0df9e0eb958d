"""The training configuration: a YAML file under `export/recipes/`, read strictly.

It says everything but where the user's pictures lie and where results go.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from export.configfile import read_config
from export.data.augment import Augmentation
from export.data.draw import Sampling
from export.data.view import View
from export.networks.spec import NetworkSpec

__all__ = [
    "SCHEMA",
    "FolderData",
    "HardParts",
    "LineData",
    "LossWeights",
    "Optimisation",
    "TrainConfig",
    "load_train_config",
]

SCHEMA: Final = "edgevision.training/1"

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0.0, le=100.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Channels = tuple[float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FolderData(_Part):
    """Pictures of the folder that is named on the command line."""

    kind: Literal["folder"]
    train: str = "train"
    """Name of the split to train on."""
    val: str = "val"
    """Name of the split to choose by."""
    split: Literal["as-given", "by-picture"] = "as-given"
    """by-picture: pool both splits and divide them anew at random, for comparison with others' figures."""
    split_seed: int = 0


class HardParts(_Part):
    """Parts of the sample line that a model judged wrongly, as `python -m export mine` found them."""

    seed: Annotated[int, Field(ge=0, le=1000)]
    share: Share = 0.3
    """Of the parts of each epoch."""
    numbers: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    spots_xy: tuple[tuple[int, int], ...] | None = None
    """Where in each of them the model erred; crops are laid there. Anywhere when absent."""

    @model_validator(mode="after")
    def _consistent(self) -> "HardParts":
        if self.spots_xy is not None and len(self.spots_xy) != len(self.numbers):
            msg = f"spots_xy: expected {len(self.numbers)}, one per number, got {len(self.spots_xy)}"
            raise ValueError(msg)
        return self


class LineData(_Part):
    """Parts of the built-in sample line; every epoch shows new ones."""

    kind: Literal["sample-line"]
    seed: Annotated[int, Field(ge=0, le=1000)] = 0
    frames_per_epoch: Count = 400
    frames_val: Count = 120
    wide_share: Share = 0.5
    """Share of parts in the wide look."""
    pitted_share: Share = 0.0
    """Share of parts with many pits, which the line itself shows rarely."""
    hard: HardParts | None = None
    """Shown again and again among the new ones."""


class LossWeights(_Part):
    """What the loss is made of."""

    dice: Weight = 1.0
    """Soft Dice over the classes but background, beside cross entropy with weight 1."""
    image: Weight = 0.0
    """Cross entropy of the image head, where the network has one."""
    classes: tuple[Annotated[float, Field(gt=0.0)], ...] | None = None
    """Weight of each class in the cross entropy; all equal when absent."""


class Optimisation(_Part):
    """How long and how fast to learn."""

    epochs: Count
    batches_per_epoch: Count
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 2e-3
    """Reached after the warm-up, then lowered to nearly 0 along a half cosine, or in steps."""
    falls_at: tuple[Share, ...] = ()
    """Shares of the training after each of which the rate is a tenth; along a half cosine when empty."""
    method: Literal["adamw", "sgd"] = "adamw"
    """sgd: with a momentum of 0.9."""
    warmup_share: Share = 0.1
    weight_decay: Annotated[float, Field(ge=0.0, le=1.0)] = 0.02
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.995
    """Of the running mean of the weights, which is what is measured and deployed."""
    patience_epochs: Count | None = None
    """Stop after so many epochs without a better mean IoU; never when absent."""
    validate_every: Count = 1
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """auto: bf16 where the hardware multiplies it (CUDA, AMX, AVX-512 BF16), else fp32."""


class TrainConfig(_Part):
    """A training configuration."""

    schema_: Literal["edgevision.training/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    seed: int = 0
    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    """Index is the class id; 0 is background."""
    line_like: tuple[str, ...] = ()
    """Labels for which a few pixels beside the truth are counted as found, in an extra figure."""
    tolerance_px: Annotated[int, Field(ge=0, le=50)] = 4
    network: NetworkSpec
    mean: Channels = (0.5, 0.5, 0.5)
    std: Channels = (0.25, 0.25, 0.25)
    view: View = View()
    data: FolderData | LineData = Field(discriminator="kind")
    augmentation: Augmentation = Augmentation()
    sampling: Sampling = Sampling()
    loss: LossWeights = LossWeights()
    optimisation: Optimisation

    @model_validator(mode="after")
    def _consistent(self) -> "TrainConfig":
        if self.network.classes != len(self.labels):
            msg = f"network.classes: expected {len(self.labels)}, one per label, got {self.network.classes}"
            raise ValueError(msg)
        if self.loss.classes is not None and len(self.loss.classes) != len(self.labels):
            msg = f"loss.classes: expected {len(self.labels)} weights, one per label"
            raise ValueError(msg)
        if any(side % self.network.stride for side in self.view.size_wh):
            msg = f"view.size_wh: expected multiples of {self.network.stride}, got {self.view.size_wh}"
            raise ValueError(msg)
        unknown = set(self.line_like) - set(self.labels[1:])
        if unknown:
            msg = f"line_like: not among the labels: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        return self


def load_train_config(path: Path) -> TrainConfig:
    """Read a training configuration. Raises ConfigError with file, line, key and remedy."""
    return read_config(path, TrainConfig)
