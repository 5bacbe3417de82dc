"""A connection whose server ends in mid-pipeline, which psycopg then cannot leave."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.driver import raw_of
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.organisations.leases import Leases


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_it_is_lost_and_its_place_in_the_pool_is_free(database_url: str) -> None:
    await upgrade(database_url)
    database = Database(database_url)

    with pytest.raises(LedgerUnavailable):
        await _end_in_a_pipeline(database)
    left = database.engine.pool.checkedout()  # type: ignore[attr-defined] # a pool with a queue
    holders = await Leases(database).holders()
    await database.close()

    assert (left, holders) == (0, [])


async def _end_in_a_pipeline(database: Database) -> None:
    async with database.transaction() as connection:
        _leave_unanswered(connection)
        raise psycopg.OperationalError("cannot exit pipeline mode while busy")


def _leave_unanswered(connection: AsyncConnection) -> None:
    raw = raw_of(connection).pgconn
    raw.enter_pipeline_mode()
    raw.send_query_params(b"SELECT 1", None)
