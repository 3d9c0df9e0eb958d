"""Runs all pieces of the benchmark in turns, so that a busy moment of the machine hits all of them alike."""

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from edgevision.bench.figures import Burst
from edgevision.bench.measure import BareModel, Loop, bare_decode
from edgevision.bench.postprocess import PostProcessing
from edgevision.bench.start import Started, measure_start
from edgevision.bundle.archive import Bundle
from edgevision.config.document import LoadedRecipe
from edgevision.config.station import EngineSettings
from edgevision.engines.choose import candidates, choose_engine
from edgevision.engines.machine import parallel_calls
from edgevision.engines.spec import EngineRequest
from edgevision.errors import BundleError, EngineError

__all__ = ["Pieces", "Round"]


@dataclass(frozen=True, slots=True)
class Round:
    """What one turn of every piece gave."""

    latency_s: dict[EngineRequest, float]
    """Median of single calls."""
    calls: dict[EngineRequest, Burst]
    decode: Burst
    loops: dict[EngineRequest, Burst]
    start: Started
    postprocess_s: float | None
    """For detect bundles: from the raw answer to boxes."""


class Pieces:
    """All engines of this machine that run a bundle, and the loops on some of them.

    A context manager: engines are loaded on entering and freed on leaving.
    """

    def __init__(self, bundle: Bundle, recipe: LoadedRecipe, video: Path, settings: EngineSettings) -> None:
        """Load nothing yet.

        Args:
            bundle: The bundle.
            recipe: A recipe that runs the bundle.
            video: What is decoded and inspected.
            settings: The loop runs on the engine that these choose, besides the one of `auto`.
        """
        self._bundle, self._recipe, self._video, self._settings = bundle, recipe, video, settings
        self._stack = ExitStack()
        self.models: dict[EngineRequest, BareModel] = {}
        self.loops: dict[EngineRequest, Loop] = {}
        self.refused: dict[EngineRequest, str] = {}
        self.postprocessing: PostProcessing | None = None

    def __enter__(self) -> Self:
        """Load; raises BundleError or EngineError when a loop's engine does not run the bundle."""
        with ExitStack() as undo:
            undo.callback(self._stack.close)
            streams = parallel_calls()
            for settings in (EngineSettings(), self._settings):
                self._load_loop(settings, streams)
            for request in candidates(self._bundle, EngineSettings(), streams):
                self._load_other(request)
            if self._bundle.manifest.task == "detect":
                self.postprocessing = PostProcessing(self._bundle, next(iter(self.models.values())).parallel)
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Free all engines."""
        self._stack.close()

    def round(self) -> Round:
        """Measure everything once."""
        return Round(
            latency_s={request: model.latency_s() for request, model in self.models.items()},
            calls={request: model.throughput() for request, model in self.models.items()},
            decode=bare_decode(self._video),
            loops={request: loop.run(self._video) for request, loop in self.loops.items()},
            start=measure_start(self._recipe.document.path, self._video),
            postprocess_s=self.postprocessing.seconds() if self.postprocessing else None,
        )

    def _load_loop(self, settings: EngineSettings, streams: int) -> None:
        request = choose_engine(self._bundle, settings, streams).request
        if request not in self.loops:
            self.models[request] = self._stack.enter_context(closing(BareModel(self._bundle, request)))
            self.loops[request] = self._stack.enter_context(closing(Loop(self._recipe, settings, streams)))

    def _load_other(self, request: EngineRequest) -> None:
        key = replace(request, require=False)
        if key in self.models:
            return
        try:
            self.models[key] = self._stack.enter_context(closing(BareModel(self._bundle, request)))
        except (BundleError, EngineError) as error:
            self.refused[key] = str(error)
