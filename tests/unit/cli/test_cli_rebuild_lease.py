"""The lease that keeps workers away from a ledger that is being rebuilt."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import cast

from tests.support.sample_ledger import lease_of, opened
from tests.support.waiting import until
from worker.cli.ledger import renew
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.organisations.leases import Leases
from worker.ledger.records import Lease


class AwayAtFirst:
    """Leases whose database does not answer the first time."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self.asked = 0

    async def renew(self, lease: Lease, *, ttl_s: float) -> None:
        self.asked += 1
        if self.asked == 1:
            raise LedgerUnavailable("the database is restarted")
        await self._leases.renew(lease, ttl_s=ttl_s)


async def test_it_is_renewed_after_the_ledger_was_away_for_a_moment(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as ledger:
        lease, leases = await lease_of(ledger), AwayAtFirst(ledger.leases)
        renewing = asyncio.create_task(renew(cast(Leases, leases), lease, every_s=0.001))

        await until(lambda: leases.asked >= 3, what="renewals after the failure")

        assert not renewing.done()
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def test_a_lost_lease_ends_it_and_no_error_is_left_behind(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as ledger:
        lease = await lease_of(ledger)
        await ledger.leases.release(lease)

        await asyncio.wait_for(renew(ledger.leases, lease, every_s=0.001), 30)
