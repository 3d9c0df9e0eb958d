"""A call that is always made by the same thread, whoever asks for it. Knows no library.

ONNX Runtime captures the CUDA graph of a session for each thread that calls it; with a thread of its own a
session has one, which is captured when it is made.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from edgevision.engines.pool import Call
from edgevision.ports import Tensor

__all__ = ["OwnThread"]


class OwnThread:
    """Makes a call, calls it and closes it, all in one thread. One caller at a time."""

    def __init__(self, make: Callable[[], Call]) -> None:
        """Start the thread; raises what `make` does."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="card")
        try:
            self._call = self._thread.submit(make).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def infer(self, batch_nhwc: npt.NDArray[np.uint8]) -> tuple[Tensor, ...]:
        """Return the answer of the call. Raises EngineError."""
        return self._thread.submit(self._call.infer, batch_nhwc).result()

    def close(self) -> None:
        """Close the call, and end the thread."""
        self._thread.submit(self._call.close).result()
        self._thread.shutdown()
