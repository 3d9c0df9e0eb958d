"""Loads a model and lets it prove itself before anyone uses it."""

from collections.abc import Callable, Mapping

import numpy as np

from edgevision.bundle.archive import Bundle
from edgevision.bundle.golden import check_golden
from edgevision.bundle.manifest import Manifest
from edgevision.engines.fit import check_answer, input_shape
from edgevision.engines.onnx import load_onnx
from edgevision.engines.openvino import load_openvino
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.errors import EngineError
from edgevision.ports import Engine

__all__ = ["load_engine"]

_LOADERS: Mapping[EngineName, Callable[[Manifest, bytes, EngineRequest], Engine]] = {
    "onnxruntime": load_onnx,
    "openvino": load_openvino,
}


def load_engine(bundle: Bundle, request: EngineRequest) -> Engine:
    """Load, warm up and run the golden samples on the very engine that is returned.

    Raises:
        EngineError: the engine or the precision is not there, or the model does not load or run.
        ProviderUnavailable: `request.require` is set and another provider is in use.
        ManifestError: the model does not fit its manifest.
        GoldenMismatch: the golden samples do not reproduce.
    """
    manifest = bundle.manifest
    if request.precision not in manifest.models:
        raise EngineError(
            f"{bundle.source}: expected a {request.precision} model, found "
            f"{', '.join(manifest.models)}; set engine.precision to one of these"
        )
    model = bundle.read(manifest.models[request.precision].file)
    engine = _LOADERS[request.engine](manifest, model, request)
    try:
        _prove(engine, bundle, request)
    except Exception:
        engine.close()
        raise
    return engine


def _prove(engine: Engine, bundle: Bundle, request: EngineRequest) -> None:
    blank = np.zeros(input_shape(bundle.manifest), np.uint8)
    check_answer(bundle.manifest, engine.infer(blank))
    check_golden(bundle, request.precision, engine.infer)
