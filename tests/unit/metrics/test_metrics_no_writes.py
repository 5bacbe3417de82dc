"""A ledger that is read as ever and takes no writes, as a standby: readiness names what nothing else would tell."""

from __future__ import annotations

from pathlib import Path

from tests.support.metrics_fixture import watching_one
from worker.ledger.database.errors import LedgerUnavailable


async def test_a_worker_whose_leases_a_ledger_does_not_take_says_why(tmp_path: Path) -> None:
    async with watching_one(f"sqlite+inline:///{tmp_path}/ledger.db") as watching:
        watching.service.last_error = LedgerUnavailable("it takes no writes", "name the primary")
        assert await watching.watch.missing() == []  # the next turn may succeed

        watching.service.is_late = True
        late = await watching.watch.missing()
        watching.service.has_shared = False

        assert late == ["leases: not renewed for as long as they last: it takes no writes: name the primary"]
        assert await watching.watch.missing() == [
            "organisations: not shared out yet: it takes no writes: name the primary"
        ]
