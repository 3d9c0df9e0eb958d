"""A process that keeps evidence as fast as it can, until somebody kills it: FOLDER BUDGET_BYTES SEED."""

import sys
from itertools import count
from pathlib import Path

from edgevision.evidence.folder import FolderDisk
from edgevision.evidence.plan import Plan
from edgevision.evidence.render import render
from edgevision.evidence.store import EvidenceStore
from edgevision.recipe import EvidenceImage
from edgevision.types import Judgement
from tests.unit.evidence.exhibits import part


def main() -> None:
    """Say `ready` on standard output, then write for ever."""
    folder, budget_bytes, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    plan = Plan(folder, ok_one_in=1)
    store = EvidenceStore(FolderDisk(folder), budget_bytes=budget_bytes, min_free_bytes=0)
    store.open()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in count(seed * 1_000_000):
        inspected = part(list(Judgement)[number % 3], number)
        exhibit = plan.exhibit(inspected.inspection)
        files = render(inspected, exhibit, EvidenceImage(), station="line1", uri="", overlay=True)
        store.put(exhibit, files)


if __name__ == "__main__":
    main()
