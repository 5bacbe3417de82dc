"""The lock file of a SQLite ledger's turns: where it lies, and what it tells when the ledger's own file is not there.

The first write makes it, beside a file that is there by then, and nothing removes it. So without the ledger's file it
tells one that is gone from one that was never made: who makes it anew knows nothing of what was booked.
"""

from __future__ import annotations

import os
from pathlib import Path

from worker.ledger.database.errors import LedgerUnavailable


def turn_file(file: Path) -> Path:
    """Beside the ledger's `file` itself, though that be named by a link."""
    itself = Path(os.path.realpath(file))
    return itself.with_name(f"{itself.name}-turn")


def gone(file: Path) -> LedgerUnavailable:
    """What is said of a file that is not there, but was."""
    turns = turn_file(file)
    cure = (
        f"put that file back; or a backup, as docs/reconcile.md says, or remove {turns} too, to begin anew: then run "
        "`xerelay ledger rebuild` before a worker or an agent starts, or payments would be made twice"
    )
    return LedgerUnavailable(f"ledger.url: expected {file}, which was there: {turns.name} lies beside it", cure)
