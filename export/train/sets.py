"""Opens the training and validation sets that a configuration names."""

from pathlib import Path

from edgevision.errors import UsageError
from export.data.folder import SegmentationSet, read_names, resplit
from export.data.line import HardPartsSet, SampleLineSet
from export.data.sample import SampleSet
from export.train.config import FolderData, TrainConfig

__all__ = ["Sets", "open_sets"]

Sets = tuple[SampleSet, SampleSet]
"""Training, validation."""


def open_sets(config: TrainConfig, folder: Path | None) -> Sets:
    """Open both sets; `folder` is what --data names.

    Raises UsageError when the folder is missing, useless, or given where none is used.
    """
    if isinstance(config.data, FolderData):
        return _from_folder(config, config.data, folder)
    if folder is not None:
        raise UsageError(f"{config.name} trains on the sample line: expected no --data, got {folder}")
    data = config.data
    if config.labels != SampleLineSet(0, 1, 0).labels:
        raise UsageError(f"labels: expected those of the sample line, got {', '.join(config.labels)}")
    fresh = SampleLineSet(data.seed, data.frames_per_epoch, data.wide_share, pitted_share=data.pitted_share)
    val = SampleLineSet(data.seed + 1, data.frames_val, data.wide_share)
    if data.hard is None:
        return fresh, val
    hard = SampleLineSet(data.hard.seed, len(data.hard.numbers), wide_share=0.0)
    parts = HardPartsSet(fresh, hard, data.hard.numbers, data.hard.share, spots_xy=data.hard.spots_xy)
    return parts, val


def _from_folder(config: TrainConfig, data: FolderData, folder: Path | None) -> Sets:
    if folder is None:
        raise UsageError(f"{config.name} trains on pictures: name their folder with --data DIR")
    names = {split: read_names(folder, split) for split in (data.train, data.val)}
    sizes = [len(names[data.train]), len(names[data.val])]
    if data.split == "by-picture":
        pooled = [name for split in names.values() for name in split]
        names[data.train], names[data.val] = resplit(pooled, sizes, data.split_seed)
    train, val = (SegmentationSet(folder, names[s], config.labels, s) for s in (data.train, data.val))
    for samples in (train, val):
        if len(samples) == 0:
            first = f"{samples.problems[0].file}: {samples.problems[0].reason}"
            raise UsageError(f"{samples.description}: none of its pictures can be used; the first: {first}")
    return train, val
