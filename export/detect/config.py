"""The training configuration of a detector: a YAML file under `export/recipes/`, read strictly.

It says everything but where the pictures lie and where results go.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from export.configfile import has_schema, read_config
from export.data.augment import Augmentation
from export.detect.boards.flaws import LABELS as FLAWS
from export.detect.canvas import DetectView
from export.detect.draw import Crops
from export.detect.loss import LossKind
from export.networks.detector_spec import DetectorSpec
from export.train.config import Channels, Optimisation

__all__ = ["SCHEMA", "DetectConfig", "PriorFit", "is_detector_config", "load_detect_config"]

SCHEMA: Final = "edgevision.detector-training/1"

Side = Annotated[float, Field(gt=0.0)]


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Splits = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriorFit(_Part):
    """How the priors of ssdlite come about; SSD300 has its own."""

    count: Annotated[int, Field(ge=1, le=32)] = 4
    """How many sizes to fit to the training boxes; each goes to the map whose cells suit it."""
    sizes_wh: tuple[tuple[Side, Side], ...] = ()
    """Sizes to take instead, in pixels of the model's input: those of the weights to begin with."""
    positive_iou: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    background_iou: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.4


class DetectData(_Part):
    """Which pictures of the folder that is named on the command line."""

    train: Splits = ("train",)
    """Names of the splits to train on; a single one may stand without brackets."""
    val: str = "val"
    """Name of the split to choose by. One that is trained on as well cannot choose: see `is_refit`."""
    drawn_share: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Share of training pictures that are circuit boards drawn by program, new ones in every epoch."""
    flawed_share: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Share of training pictures that are references (templates/) of the others with drawn flaws."""

    @model_validator(mode="after")
    def _consistent(self) -> "DetectData":
        if not self.calibrating:
            msg = f"train: expected a split beside {self.val}, to calibrate int8 with"
            raise ValueError(msg)
        return self

    @property
    def is_refit(self) -> bool:
        """Whether the pictures to choose by are trained on, so that the last epoch's weights are kept."""
        return self.val in self.train

    @property
    def calibrating(self) -> tuple[str, ...]:
        """Return the names of the splits to calibrate int8 with."""
        return tuple(split for split in self.train if split != self.val)

    @property
    def added_share(self) -> float:
        """Return the share of all training pictures that no camera took as they are."""
        return self.drawn_share + self.flawed_share


class DetectConfig(_Part):
    """A training configuration."""

    schema_: Literal["edgevision.detector-training/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    seed: int = 0
    labels: tuple[str, ...] = ()
    """Index is the class id, without background; from the data when empty."""
    network: Literal["ssdlite", "ssd300-vgg16"] = "ssdlite"
    layers: dict[str, tuple[int, ...] | int] = {}
    """ssdlite: widths, blocks, head_channels and map_strides that differ from the defaults."""
    priors: PriorFit = PriorFit()
    loss: LossKind = "focal"
    mean: Channels = (0.5, 0.5, 0.5)
    std: Channels = (0.25, 0.25, 0.25)
    view: DetectView = DetectView()
    data: DetectData = DetectData()
    augmentation: Augmentation = Augmentation(rotation_deg=0.0)
    crops: Crops | None = None
    """Whole pictures, changed as the SSD paper does it, when absent."""
    optimisation: Optimisation

    @model_validator(mode="after")
    def _consistent(self) -> "DetectConfig":
        spec = self.spec(len(self.labels) or 1)
        for key, size_wh in (("view.size_wh", self.view.size_wh), ("crops.size_wh", self.train_wh)):
            if any(side % spec.stride or side < spec.smallest_px for side in size_wh):
                msg = f"{key}: expected multiples of {spec.stride} from {spec.smallest_px} on, got {size_wh}"
                raise ValueError(msg)
        if self.network == "ssd300-vgg16" and self.train_wh != self.view.size_wh:
            msg = "crops: expected none, or of view.size_wh: the priors of SSD300 belong to one input size"
            raise ValueError(msg)
        if self.network == "ssd300-vgg16" and self.priors.sizes_wh:
            msg = "priors.sizes_wh: expected none, SSD300 has its own"
            raise ValueError(msg)
        if (self.loss == "multibox") != (self.network == "ssd300-vgg16"):
            msg = f"loss: {self.network} is trained with {'focal' if self.loss == 'multibox' else 'multibox'}"
            raise ValueError(msg)
        if self.data.added_share and (self.labels != FLAWS or self.crops is None):
            msg = f"data: drawn boards and drawn flaws need crops and the labels {', '.join(FLAWS)}"
            raise ValueError(msg)
        if self.data.added_share >= 1.0:
            msg = "data: drawn_share and flawed_share must leave room for the pictures of the folder"
            raise ValueError(msg)
        return self

    @property
    def train_wh(self) -> tuple[int, int]:
        """Return the size of training pictures."""
        return self.view.size_wh if self.crops is None else self.crops.size_wh

    def spec(self, classes: int) -> DetectorSpec:
        """Return the network's shape for a number of classes."""
        return DetectorSpec.model_validate(
            {
                "kind": self.network,
                "classes": classes,
                "input_channels": self.view.channels,
                **self.layers,
            }
        )


def is_detector_config(path: Path) -> bool:
    """Tell a detector's training configuration from a segmentation network's. Raises ConfigError."""
    return has_schema(path, SCHEMA)


def load_detect_config(path: Path) -> DetectConfig:
    """Read a training configuration. Raises ConfigError with file, line, key and remedy."""
    return read_config(path, DetectConfig)
