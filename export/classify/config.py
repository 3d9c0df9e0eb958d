"""The training configuration of a classifier: a YAML file under `export/recipes/`, read strictly."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edgevision.ops.image import Color
from export.configfile import has_schema, read_config
from export.data.augment import Augmentation
from export.networks.classifier import ClassifierSpec
from export.train.config import Channels, Optimisation

__all__ = ["SCHEMA", "ClassView", "ClassifyConfig", "is_classifier_config", "load_classify_config"]

SCHEMA: Final = "edgevision.classifier-training/1"
Side = Annotated[int, Field(ge=32, le=4096)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClassView(_Part):
    """The model's input and how pictures are brought to it."""

    size_wh: tuple[Side, Side] = (128, 128)
    scaling: Literal["stretch", "letterbox"] = "stretch"
    color: Color = "RGB"


class ClassData(_Part):
    """Which pictures of the folder that is named on the command line."""

    train: str = "train"
    val: str = "val"


class ClassifyConfig(_Part):
    """A training configuration."""

    schema_: Literal["edgevision.classifier-training/1"] = Field(SCHEMA, alias="schema")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    seed: int = 0
    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    """Index is the class id."""
    network: Literal["vgg16-bn", "light", "efficient", "unet-lite"] = "light"
    """unet-lite: weighs the maps of the segmenter of the same labels that the training starts with."""
    mean: Channels = (0.5, 0.5, 0.5)
    std: Channels = (0.25, 0.25, 0.25)
    view: ClassView = ClassView()
    data: ClassData = ClassData()
    augmentation: Augmentation = Augmentation()
    smoothing: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.05
    """Share of certainty that the loss does not ask for."""
    balanced: bool = True
    """Draw classes equally often, however many pictures each has."""
    optimisation: Optimisation

    @model_validator(mode="after")
    def _in_color(self) -> "ClassifyConfig":
        if self.network == "efficient" and self.view.color != "RGB":
            msg = f"view.color: expected RGB for the network efficient, got {self.view.color}"
            raise ValueError(msg)
        return self

    @property
    def spec(self) -> ClassifierSpec:
        """Return the network's shape."""
        return ClassifierSpec(
            kind=self.network, classes=len(self.labels), channels=1 if self.view.color == "GRAY" else 3
        )


def is_classifier_config(path: Path) -> bool:
    """Tell a classifier's training configuration from others. Raises ConfigError."""
    return has_schema(path, SCHEMA)


def load_classify_config(path: Path) -> ClassifyConfig:
    """Read a training configuration. Raises ConfigError with file, line, key and remedy."""
    return read_config(path, ClassifyConfig)
