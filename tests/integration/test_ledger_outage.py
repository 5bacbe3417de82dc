"""The database goes away and comes back; the ledger says so and goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.services import postgres_service
from tests.support.sample_ledger import ORG, document, key, lease_of, open_call, opened, write
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease


async def test_a_restart_of_the_database_is_survived_and_nothing_committed_is_lost(public_dir: Path) -> None:
    with postgres_service(public_dir) as service:
        if not service.can_restart:
            pytest.fail("this PostgreSQL cannot be restarted: unset its URL in the environment to use a private one")
        async with opened(service.url.replace("postgresql://", "postgresql+psycopg://", 1)) as ledger:
            lease = await lease_of(ledger)
            call = await open_call(ledger, lease, write(1))

            service.kill()
            with pytest.raises(LedgerUnavailable):
                await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])
            with pytest.raises(LedgerUnavailable):
                await ledger.documents.get([key(1)])
            service.start()
            await _eventually(lambda: _settle(ledger, lease))

            assert key(1) in await ledger.documents.get([key(1)])
            assert await ledger.calls.unsettled(ORG) == []


async def test_a_database_that_was_never_there_is_unavailable_not_wrong() -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        await Ledger.open("postgresql+psycopg://me:secret@127.0.0.1:1/ledger")

    assert "secret" not in str(caught.value)


async def _settle(ledger: Ledger, lease: Lease) -> None:
    for call in await ledger.calls.unsettled(ORG):
        await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])


async def _eventually(step: Callable[[], Awaitable[None]], timeout_s: float = 30) -> None:
    """What callers do: wait and repeat."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            await step()
        except LedgerUnavailable:
            assert time.monotonic() < deadline, "the ledger did not come back"
            await asyncio.sleep(0.05)
        else:
            return
