import numpy as np
import pytest

from edgevision.engines.fake import FakeEngine
from edgevision.errors import EngineError
from edgevision.ports import Engine


def test_the_fake_is_an_engine_that_answers_with_its_function_until_closed() -> None:
    engine: Engine = FakeEngine(lambda batch: batch.max(axis=3), streams=3)
    batch = np.full((1, 2, 2, 3), 7, np.uint8)
    (answer,) = engine.infer(batch)
    assert answer.tolist() == [[[7, 7], [7, 7]]]
    assert engine.info.streams == 3
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.infer(batch)
