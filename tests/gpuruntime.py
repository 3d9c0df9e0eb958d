"""ONNX Runtime with a GPU that is only imagined: the real library on the CPU, with a card's rules about it.

Memory of the card is not the host's; a CUDA graph replays the addresses that it was captured with, by
each thread that calls; while one is captured nobody else may use the card.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, get_ident
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edgevision.engines.spec import EngineRequest, ProviderName

__all__ = ["CARD", "CUDA", "TENSORRT", "DeviceValue", "Imagine", "ImaginedGpu", "gpu_request"]

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
GRAPH_OPTIONS = ("enable_cuda_graph", "trt_cuda_graph_enable")


class Card:
    """Who uses it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._is_capturing = False

    def refuse(self) -> None:
        """Raise, on a card that captures nothing."""

    @contextmanager
    def used(self, *, for_capture: bool = False) -> Iterator[None]:
        with self._lock:
            if self._is_capturing or (for_capture and self._users):
                raise RuntimeError("CUDA failure 900: operation not permitted when stream is capturing")
            self._users, self._is_capturing = self._users + 1, for_capture
        try:
            yield
        finally:
            with self._lock:
                self._users, self._is_capturing = self._users - 1, False


CARD = Card()


class DeviceValue:
    """An array in the card's memory: what comes to the host is a copy."""

    made = 0

    def __init__(self, content: NDArray[Any], device: str) -> None:
        assert device == "cuda"
        type(self).made += 1
        with CARD.used():
            self.content = content.copy()

    @classmethod
    def ortvalue_from_numpy(cls, content: NDArray[Any], device: str, _: int) -> "DeviceValue":
        return cls(content, device)

    @classmethod
    def ortvalue_from_shape_and_type(
        cls, shape: Sequence[int], dtype: type[np.generic], device: str, _: int
    ) -> "DeviceValue":
        return cls(np.zeros(shape, dtype), device)

    def update_inplace(self, content: NDArray[Any]) -> None:
        assert content.flags.c_contiguous, "memory is copied as it lies"
        with CARD.used():
            self.content[:] = content

    def numpy(self) -> NDArray[Any]:
        with CARD.used():
            return self.content.copy()


@dataclass
class RunOptions:
    entries: dict[str, str] = field(default_factory=dict)

    def add_run_config_entry(self, name: str, value: str) -> None:
        self.entries[name] = value


@dataclass
class Binding:
    inputs: dict[str, DeviceValue] = field(default_factory=dict)
    outputs: dict[str, DeviceValue | None] = field(default_factory=dict)
    allocated: list[Any] = field(default_factory=list)

    def bind_ortvalue_input(self, name: str, value: DeviceValue) -> None:
        self.inputs[name] = value

    def bind_ortvalue_output(self, name: str, value: DeviceValue) -> None:
        self.outputs[name] = value

    def bind_output(self, name: str, device: str) -> None:
        assert device == "cpu"
        self.outputs[name] = None

    def get_outputs(self) -> list[Any]:
        return self.allocated


class Session:
    def __init__(self, real: onnxruntime.InferenceSession, providers: dict[str, dict[str, str]]) -> None:
        self._real, self.providers = real, providers
        self.has_graph = any(
            options.get(name) == "1" for options in providers.values() for name in GRAPH_OPTIONS
        )
        self._captured: dict[int, Binding] = {}
        self.get_inputs, self.get_outputs = real.get_inputs, real.get_outputs

    def get_providers(self) -> list[str]:
        return list(self.providers)

    def io_binding(self) -> Binding:
        return Binding()

    def run_with_iobinding(self, binding: Binding, options: RunOptions | None = None) -> None:
        has_graph = self.has_graph and (options is None or options.entries.get("gpu_graph_id") != "-1")
        is_first = has_graph and get_ident() not in self._captured
        if is_first:
            CARD.refuse()
        with CARD.used(for_capture=is_first):
            self._run(binding, has_graph=has_graph)

    def _run(self, binding: Binding, *, has_graph: bool) -> None:
        if has_graph:
            binding = self._captured.setdefault(get_ident(), binding)
        names = list(binding.outputs)
        answers = self._real.run(names, {name: value.content for name, value in binding.inputs.items()})
        binding.allocated = [onnxruntime.OrtValue.ortvalue_from_numpy(answer) for answer in answers]
        for target, answer in zip(binding.outputs.values(), answers, strict=True):
            if target is not None:
                target.content[:] = answer


class ImaginedGpu:
    """What `import onnxruntime` gives where the card is; `sessions` are those that were opened."""

    __version__ = "9.9.9"
    SessionOptions = onnxruntime.SessionOptions
    ExecutionMode = onnxruntime.ExecutionMode
    OrtValue = DeviceValue
    RunOptions = RunOptions

    def __init__(self, *, takes_graphs: bool = True) -> None:
        self._takes_graphs = takes_graphs
        self.sessions: list[Session] = []

    def get_available_providers(self) -> list[str]:
        return [TENSORRT, CUDA, CPU]

    def preload_dlls(self) -> None:
        sys.stdout.write("Failed to load libcurand.so.10\n")  # as the real one does, and goes on

    def InferenceSession(  # noqa: N802  as the library has it
        self, model: bytes, options: Any, *, providers: list[tuple[str, dict[str, str]]], enable_fallback: int
    ) -> Session:
        with CARD.used():
            real = onnxruntime.InferenceSession(
                model, options, providers=[CPU], enable_fallback=enable_fallback
            )
        session = Session(real, dict(providers))
        if session.has_graph and not self._takes_graphs:
            raise RuntimeError("This session cannot use the graph capture feature as requested by the user")
        self.sessions.append(session)
        return session


Imagine = Callable[..., ImaginedGpu]
"""Puts a card into this machine."""


def gpu_request(provider: ProviderName = "cuda", streams: int = 1, **fields: Any) -> EngineRequest:
    """Ask for a card, and nothing else."""
    return EngineRequest("onnxruntime", "fp32", provider, streams=streams, require=True, **fields)
