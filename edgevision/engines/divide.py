"""The ways in which an engine's threads can be divided among calls at the same time. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgevision.engines.spec import EngineRequest

__all__ = ["divided"]


def divided(requests: Sequence[EngineRequest]) -> tuple[EngineRequest, ...]:
    """Return the requests, and after them the same with fewer streams or half the threads.

    Fewer streams give each call more threads, and further calls wait; half the threads are often as
    fast where two of them share a core.
    """
    others = (other for request in requests for other in _others(request))
    return tuple(dict.fromkeys([*requests, *others]))


def _others(request: EngineRequest) -> Iterator[EngineRequest]:
    streams = request.streams
    while streams >= 1:
        for threads in (request.threads, request.threads // 2):
            if threads >= streams:
                yield replace(request, streams=streams, threads=threads)
        streams //= 2
