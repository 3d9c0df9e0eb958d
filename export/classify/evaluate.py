"""Measures a finished classify bundle on pictures by class, through the device's loader and engines."""

from pathlib import Path

from edgevision.bundle.archive import Bundle
from edgevision.engines.load import load_engine
from edgevision.engines.spec import EngineRequest
from export.classify.folder import read_classes
from export.classify.subject import ClassifySubject
from export.materials import Materials

__all__ = ["evaluate_classify"]


def evaluate_classify(bundle: Bundle, request: EngineRequest, folder: Path, split: str) -> dict[str, object]:
    """Return accuracy, mean recall, calibration error and recalls as plain values for JSON.

    Raises:
        UsageError: the folder or the split cannot be used.
        EngineError: the engine is not there or fails.
        BundleError: the golden samples do not reproduce on it.
    """
    manifest = bundle.manifest
    samples = read_classes(folder, split, manifest.labels)
    data = f"{folder.name}, split {split}"
    engine = load_engine(bundle, request)
    try:
        run = ClassifySubject(manifest, Materials((), "", samples, data)).run(engine)
    finally:
        engine.close()
    return {
        "bundle": f"{manifest.name} {manifest.version}",
        "sha256": bundle.sha256,
        "data": data,
        "engine": engine.info.engine,
        "precision": engine.info.precision,
        "pictures": len(samples),
        "figures": run.figures,
    }
