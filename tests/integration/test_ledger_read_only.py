"""A PostgreSQL that takes no writes for a while, as a standby after a failover does, is one that is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import psycopg
import pytest

from tests.support.sample_ledger import lease_of, opened
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger, _: ledger.leases.acquire("other", "w1"),
        lambda ledger, lease: ledger.leases.renew(lease),
        lambda ledger, _: ledger.leases.heartbeat("w1"),
    ],
    ids=["acquire", "renew", "heartbeat"],
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_it_is_waited_for_and_asked_anew(
    database_url: str, postgres_url: str, write: Callable[[Ledger, Lease], Awaitable[object]]
) -> None:
    async with opened(database_url) as ledger:
        lease = await lease_of(ledger)
    name = database_url.rpartition("/")[2].partition("?")[0]

    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin:
        await admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        ledger = await Ledger.open(database_url)
        with pytest.raises(LedgerUnavailable, match=r"takes no writes: .* in a read-only transaction") as told:
            await write(ledger, lease)
        await admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')

    # what was connected meanwhile would stay as it was
    await write(ledger, lease)
    await ledger.close()
    assert told.value.cure.startswith("let ledger.url lead to the primary, for a standby takes none")
    assert "default_transaction_read_only" in told.value.cure


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_hosts_of_which_none_takes_writes_are_not_told_as_not_running(
    database_url: str, postgres_url: str
) -> None:
    """As between the end of the primary and the promotion of a standby, where `ledger.url` names both."""
    await upgrade(database_url)
    name = database_url.rpartition("/")[2].partition("?")[0]

    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin:
        await admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        with pytest.raises(LedgerUnavailable) as told:
            await Ledger.open(f"{database_url}?target_session_attrs=read-write")
        await admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')

    assert told.value.said.startswith("the ledger's database takes no writes: ")
    assert told.value.said.endswith("session is read-only")
    assert told.value.cure.startswith("let ledger.url lead to the primary")
