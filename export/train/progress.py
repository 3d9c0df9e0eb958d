"""The bar that shows how far an epoch is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from export.train.config import Optimisation

__all__ = ["epoch_progress"]


@contextmanager
def epoch_progress(console: Console, done: int, optimisation: Optimisation) -> Iterator[Callable[[], None]]:
    """Show a bar while an epoch runs; gives what is to be called after each step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        label = f"epoch {done + 1}/{optimisation.epochs}"
        task = progress.add_task(label, total=optimisation.batches_per_epoch)
        yield lambda: progress.advance(task)
