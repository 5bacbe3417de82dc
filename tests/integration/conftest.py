"""A ledger on each database, by a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.ledger.database.engine import Database
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def ledger(database_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=clock) as ledger:
        yield ledger


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """What a ledger stands on, by the clock of the database."""
    await upgrade(database_url)
    database = Database(database_url)
    yield database
    await database.close()
