"""Spreads the pieces of a replay over a Ray cluster; the result file is that of a replay on one machine.

Inputs, recipe and bundles must lie under the same paths on all machines. A piece whose worker or
machine dies is inspected again elsewhere. Ray is the extra `ray`; it is imported only here.
"""

import importlib
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from edgevision import __version__
from edgevision.build import Models
from edgevision.config.document import load_recipe
from edgevision.config.station import EngineSettings
from edgevision.errors import EdgeVisionError, OutputError, UsageError
from edgevision.paths import NOTHING, found_at
from edgevision.replay.pieces import Done, Job, Piece, cut, inspect
from edgevision.replay.play import Progress, Summary

__all__ = ["inspect_piece", "pinned", "replay_on_ray"]

_RETRIES = 3
_AHEAD = 2
"""Pieces under way for each core of the cluster; more would only fill its memory."""
_PARTS_PER_CORE = 2


def replay_on_ray(
    address: str,
    inputs: Sequence[str],
    job: Job,
    out: Path,
    *,
    frames: int | None = None,
    on_progress: Progress | None = None,
) -> Summary:
    """Inspect every frame of every input on a running cluster and write the result lines in order.

    Args:
        address: `auto` for the cluster of this machine, or HOST:PORT of its head.
        inputs: Recordings.
        job: How they are inspected.
        out: The result file.
        frames: At most so many of each input.
        on_progress: Told after each piece.

    Raises:
        UsageError: there is no cluster, Ray is not installed, or the versions differ.
        CaptureError: an input cannot be opened.
        EngineError: a worker would run something else.
        OutputError: the file cannot be written.
    """
    summary, began_s = Summary(), time.monotonic()
    absolute = [each if found_at(each) == NOTHING else str(Path(each).absolute()) for each in inputs]
    with _cluster(address) as ray:
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        pieces = cut(absolute, frames, parts=cores * _PARTS_PER_CORE)
        try:
            with out.open("wb") as file:
                for done in _in_order(ray, pieces, job, cores * _AHEAD):
                    file.writelines(done.lines)
                    summary.tally.judgements.update(done.judgements)
                    summary.tally.by_truth.update(done.by_truth)
                    summary.damage += [done.damage] if done.damage else []
                    if on_progress is not None:
                        on_progress(summary.tally.total, None)
        except OSError as error:
            raise OutputError(f"{out}: cannot be written: {error.strerror}; choose another place") from error
    summary.seconds = time.monotonic() - began_s
    return summary


def pinned(engine: EngineSettings, models: Models) -> EngineSettings:
    """Return settings that name what `auto` chose here, where all steps run on the same."""
    chosen = {(model.engine, model.precision) for model in models.refs}
    if len(chosen) != 1:
        return engine
    name, precision = chosen.pop()
    return EngineSettings.model_validate(engine.model_dump() | {"name": name, "precision": precision})


def _in_order(ray: Any, pieces: Sequence[Piece], job: Job, ahead: int) -> Iterator[Done]:
    """Give what became of the pieces, in their order, with at most so many under way."""
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(inspect_piece)
    waiting = deque(pieces)
    running: deque[Any] = deque()
    while waiting or running:
        while waiting and len(running) < ahead:
            running.append(task.remote(waiting.popleft(), job, __version__))
        try:
            yield ray.get(running.popleft())
        except ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, EdgeVisionError) else error from error
        except ray.exceptions.RayError as error:
            raise UsageError(
                f"the cluster lost a piece {_RETRIES + 1} times: {error}; see its logs"
            ) from error


def inspect_piece(piece: Piece, job: Job, version: str) -> Done:
    """Inspect a piece in a worker, which keeps the models for the next one."""
    if version != __version__:
        raise UsageError(
            f"a worker has edgevision {__version__}, expected {version}; install the same on every machine"
        )
    return inspect(piece, job, _models(job.recipe, job.engine.model_dump_json()))


@cache
def _models(recipe: Path, engine: str) -> Models:
    return Models(load_recipe(recipe), EngineSettings.model_validate_json(engine), streams=1)


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address.startswith("127."):
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Or Ray takes another address for it.
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise UsageError("--ray: Ray is not installed; pip install 'edgevision[ray]'") from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise UsageError(
            f"--ray {address}: no cluster there: {said}; start one by ray start --head "
            "--include-dashboard=false --disable-usage-stats"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
