"""Work that is cancelled while PostgreSQL has it, as when a lease is lost, leaves no answers to whoever comes next."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.sample_ledger import ORG, document, lease_of, open_call, opened, write
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease

_TURNS = 60
"""From before its first statement to after its commit."""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_answers_of_what_was_cancelled_go_to_nobody_else(database_url: str) -> None:
    async with opened(database_url) as ledger:
        lease = await ledger.leases.renew(await lease_of(ledger), ttl_s=600)

        for turns in range(_TURNS):
            await cancelled_after(turns, ledger, lease)

            await ledger.leases.heartbeat(f"w{turns}")
            assert [found.name for found in await ledger.leases.holders()] == [ORG], turns
            assert len(await ledger.leases.live_workers(600)) == turns + 1


async def cancelled_after(turns: int, ledger: Ledger, lease: Lease) -> None:
    """Open and close a call, for so many turns of the loop."""

    async def work() -> None:
        call = await open_call(ledger, lease, write(turns))
        await ledger.calls.close(lease, call.id, status=200, documents=[document(turns)])

    task = asyncio.create_task(work())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
