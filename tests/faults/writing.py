"""A process that only fills a ledger and says what it would publish: `python -m tests.faults.writing FILE`.

Each line of its output is the number of the newest result that may be published by then.
"""

import os
import random
import sys
import threading
from pathlib import Path

from edgevision.types import Judgement
from tests.ledgers import open_ledger, result

__all__: list[str] = []

_MAX_BYTES = 3_000_000


def _main(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    ledger = open_ledger(path, f"boot-{seed}", max_bytes=_MAX_BYTES)
    safe = threading.Semaphore(4)
    number = 0
    while True:
        safe.acquire()
        results = []
        for _ in range(rng.randint(1, 20)):
            number += 1
            kind = rng.choice([Judgement.OK, Judgement.OK, Judgement.NG, Judgement.ND])
            results.append(result(number, kind, size=rng.randint(10, 3000)))
        ledger.append(results, safe.release)
        rows = ledger.pending(1000)
        if rows:
            os.write(1, b"%d\n" % rows[-1].row_id)
        for row in rows[: rng.randint(0, len(rows))]:
            ledger.delivered(row.row_id)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
