"""What is asked of an engine. Choosing among engines is `engines.choose`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgevision.bundle.manifest import Precision

__all__ = ["EngineName", "EngineRequest", "ProviderName"]

EngineName = Literal["onnxruntime", "openvino"]
ProviderName = Literal["cpu", "cuda", "tensorrt"]


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One engine, fully decided."""

    engine: EngineName
    precision: Precision
    provider: ProviderName = "cpu"
    threads: int = 1
    """For all streams together."""
    streams: int = 1
    """How many calls run at the same time."""
    cache_dir: Path | None = None
    """Where compiled models are kept between starts; nowhere when absent."""
    require: bool = False
    """Refuse another provider than the asked one."""
    half: bool = False
    """A GPU may compute with fewer bits than fp32 has: TensorRT in fp16, CUDA in TF32."""

    @property
    def threads_per_stream(self) -> int:
        """Return the threads one call may use, at least one."""
        return max(1, self.threads // self.streams)
