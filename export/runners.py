"""Models as the device runs them, before there is a bundle: its engines, its segment task.

Torch is put behind the same port, so that torch, fp32 and int8 go through the same code.
"""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edgevision.bundle.manifest import InputSpec, Manifest, Precision, SegmentSpec
from edgevision.engines.fake import FakeEngine
from edgevision.engines.onnx import load_onnx
from edgevision.engines.openvino import load_openvino
from edgevision.engines.spec import EngineName, EngineRequest
from edgevision.errors import UsageError
from edgevision.ports import Engine, Tensor
from edgevision.recipe import Recipe, SegmentStep
from edgevision.tasks.segment import SegmentTask
from edgevision.types import Frame, ModelRef
from export.convert import INPUT_NAME, OUTPUT_NAME
from export.data.sample import Sample
from export.data.view import View
from export.description import Description
from export.materials import evenly

__all__ = [
    "STEP",
    "Runner",
    "as_frame",
    "draft_manifest",
    "inputs_by_sample",
    "installed_engines",
    "load_runner",
    "model_inputs",
    "segment_step",
    "segment_step_of",
    "segment_task",
    "torch_runner",
]

STEP = "segment"
_LOADERS: Mapping[EngineName, Callable[[Manifest, bytes, EngineRequest], Engine]] = {
    "onnxruntime": load_onnx,
    "openvino": load_openvino,
}
Batch = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Runner:
    """One way of running a model."""

    precision: str
    """`torch`, `fp32` or `int8`."""
    engine_name: str
    engine: Engine

    @property
    def name(self) -> str:
        """Return precision and engine, for tables."""
        return f"{self.precision} {self.engine_name}"


def draft_manifest(
    description: Description, input_name: str = INPUT_NAME, output_name: str = OUTPUT_NAME
) -> Manifest:
    """Return a manifest that engines and tasks can work with; it has no golden samples or hashes yet."""
    view = description.view
    return Manifest.model_construct(  # type: ignore[call-arg]  # the rest is not known yet
        name=description.name,
        version=description.version,
        task="segment",
        input=InputSpec(name=input_name, size_wh=view.size_wh, color=description.color),
        outputs=(description.output.spec(output_name),),
        labels=description.labels,
        segment=SegmentSpec(
            pixel_threshold=view.pixel_threshold,
            min_area_px=description.min_area_px,
            line_like=description.line_like,
            scaling=view.scaling,
            scale=view.scale,
        ),
    )


def installed_engines() -> tuple[EngineName, ...]:
    """Return the engines of this machine, ONNX Runtime first."""
    names: tuple[EngineName, ...] = ("onnxruntime", "openvino")
    return tuple(name for name in names if importlib.util.find_spec(name) is not None)


def load_runner(
    manifest: Manifest, model: bytes, engine: EngineName, precision: Precision, threads: int
) -> Runner:
    """Load an ONNX file into an engine of the device. Raises EngineError or ManifestError."""
    request = EngineRequest(engine=engine, precision=precision, threads=threads)
    return Runner(precision, engine, _LOADERS[engine](manifest, model, request))


def torch_runner(module: nn.Module) -> Runner:
    """Return a torch module in deployable form as a runner."""
    module = module.cpu().eval()

    def answer(batch: Batch) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            given = module(torch.from_numpy(np.array(batch)))
        values = given if isinstance(given, tuple) else (given,)
        return tuple(np.asarray(value.numpy(), np.float32) for value in values)

    return Runner("torch", "eager", FakeEngine(answer))


def segment_step(view: View) -> SegmentStep:
    """Return the step of a recipe that looks at pictures as the model was trained to."""
    return SegmentStep(
        name=STEP,
        bundle="under-test",
        scaling=view.scaling,
        scale=view.scale,
        tile_overlap_px=view.tile_overlap_px,
    )


def segment_step_of(recipe: Recipe) -> SegmentStep:
    """Return the step that judges a segment model; raises UsageError where the first is another's."""
    step = recipe.tasks[0]
    if not isinstance(step, SegmentStep):
        raise UsageError(f"recipe {recipe.name}: expected a segment step, got one to {step.task}")
    return step


def segment_task(manifest: Manifest, step: SegmentStep, engine: Engine) -> SegmentTask:
    """Return the device's task around an engine."""
    info = engine.info
    model = ModelRef(
        step.name, manifest.name, manifest.version, "0" * 64, info.precision, info.engine, info.provider
    )
    return SegmentTask(step, manifest, engine, model)


def as_frame(sample: Sample, index: int = 0) -> Frame:
    """Return a picture as the device gets it."""
    return Frame(sample.image_bgr, "held-out", index, 0, 0, file=sample.name)


def inputs_by_sample(manifest: Manifest, step: SegmentStep, samples: Sequence[Sample]) -> list[list[Batch]]:
    """Return what the device's segment task feeds to the model, (1, H, W, C) uint8, picture by picture."""
    seen: list[Batch] = []
    width, height = manifest.input.size_wh
    shape = [1, height, width]
    shape.insert(1 if manifest.outputs[0].layout == "NCHW" else 3, len(manifest.labels))

    def answer(batch: Batch) -> Tensor:
        seen.append(batch.copy())
        return np.zeros(shape, np.float32)

    task = segment_task(manifest, step, FakeEngine(answer))
    pictures = []
    for sample in samples:
        task.run(as_frame(sample))
        pictures.append(seen.copy())
        seen.clear()
    return pictures


def model_inputs(manifest: Manifest, step: SegmentStep, samples: Sequence[Sample], limit: int) -> list[Batch]:
    """Return at most `limit` of the inputs that these pictures give, spread over all of them."""
    inputs = [batch for batches in inputs_by_sample(manifest, step, samples) for batch in batches]
    return [inputs[index] for index in evenly(len(inputs), limit)]
