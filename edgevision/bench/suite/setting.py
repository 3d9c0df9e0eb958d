"""What all measurements of the suite share: the model, the video, how long each may take."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgevision.bench.recipe import write_recipe
from edgevision.bundle.archive import Bundle, open_bundle
from edgevision.bundle.resolve import builtin_names, find_bundle
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import choose_engine
from edgevision.engines.machine import available_threads, parallel_calls
from edgevision.engines.spec import EngineRequest

__all__ = ["NETWORK", "Setting", "shipped"]

NETWORK = "surface-crack"
"""The shipped UNet, 256 x 256."""

_FRAMES_PER_S = 100


@dataclass(frozen=True)
class Setting:
    """One run of the suite."""

    video: Path
    video_frames: int
    folder: Path
    """Of its own, on the disk that is measured."""
    rounds: int
    turn_s: float
    """About how long one alternative runs in one round."""
    on_progress: Callable[[str], None]

    @cached_property
    def network(self) -> Bundle:
        """Return the UNet."""
        return open_bundle(find_bundle(f"builtin:{NETWORK}", Path()))

    @cached_property
    def recipe(self) -> LoadedRecipe:
        """Return a recipe that runs the UNet on the whole frame."""
        file = find_bundle(f"builtin:{NETWORK}", Path())
        return write_recipe(self.folder, file, self.network.manifest, self.video)

    @property
    def model(self) -> bytes:
        """Return the UNet's ONNX file for the loops of other programs: int8 where there is one."""
        files = self.network.manifest.models
        return self.network.read(files["int8" if "int8" in files else "fp32"].file)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Return the size of the UNet's input."""
        return self.network.manifest.input.size_wh

    @property
    def cores(self) -> int:
        """Return how many threads may be kept busy."""
        return available_threads()

    @property
    def calls(self) -> int:
        """Return how many calls of a model a loop has in flight."""
        return parallel_calls()

    @property
    def frames(self) -> int:
        """Return how many frames of the video a loop inspects in one turn."""
        return max(2, min(self.video_frames, round(self.turn_s * _FRAMES_PER_S)))

    @property
    def burst_cpu_s(self) -> float:
        """Return how long a bare model is called in one turn."""
        return self.turn_s / 4

    def fastest(self, streams: int) -> EngineRequest:
        """Return the engine that `auto` chooses for the UNet; raises EngineError or BundleError."""
        return choose_engine(self.network, EngineSettings(), streams).request


def shipped() -> list[Bundle]:
    """Return all bundles that come with this package."""
    return [open_bundle(find_bundle(f"builtin:{name}", Path())) for name in builtin_names()]
