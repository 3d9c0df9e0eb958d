"""Where inspections become messages: encodes them, commits them to the outbox, wakes the publisher."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from edgevision.messages import Topics, encoded_result
from edgevision.mqtt.publisher import Publisher
from edgevision.ports import NewResult, Outbox
from edgevision.types import Inspected, Inspection

__all__ = ["ResultSink", "UriOf"]

UriOf = Callable[[Inspection], str]
"""Says where the evidence of an inspection will be; empty for nowhere."""


class ResultSink:
    """An `InspectionSink` in front of an outbox."""

    def __init__(
        self,
        outbox: Outbox,
        publisher: Publisher,
        topics: Topics,
        uri_of: UriOf = lambda _inspection: "",
    ) -> None:
        """Compose; `uri_of` says where the evidence of an inspection will be, empty for nowhere."""
        self._uri_of = uri_of
        self._outbox = outbox
        self._publisher = publisher
        self._topics = topics

    def commit(self, batch: Sequence[Inspected]) -> None:
        """Put the results into the outbox; waits neither for the network nor for a disk."""
        last: dict[str, bytes] = {}
        results = []
        for inspected in batch:
            inspection = inspected.inspection
            payload = encoded_result(
                inspection, station=self._topics.station, result_uri=self._uri_of(inspection)
            )
            topic = self._topics.result(inspection.camera)
            results.append(NewResult(topic, payload, inspection.verdict.judgement, time.time_ns()))
            last[inspection.camera] = payload
        self._outbox.append(results, partial(self._publisher.committed, last))
