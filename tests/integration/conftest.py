"""A ledger on each database, by a clock that stands still. Its tables are copied: to migrate costs more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.databases import KINDS, copy_upgraded, postgresql_url, sqlite_url
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.ledger.database.engine import Database
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def _upgraded_database(postgres_url: str, _databases: list[str]) -> str:
    url = postgresql_url(postgres_url, _databases)
    asyncio.run(upgrade(url))
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy's URL of a database of the test's own with this version's schema, once for each kind of database."""
    value = request.getfixturevalue
    if request.param == "postgresql":
        return postgresql_url(value("postgres_url"), value("_databases"), template=value("_upgraded_database"))
    file = tmp_path / "ledger.db"
    copy_upgraded(file)
    return sqlite_url(file)


@pytest.fixture
async def ledger(database_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=clock) as ledger:
        yield ledger


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """What a ledger stands on, by the clock of the database."""
    database = Database(database_url)
    yield database
    await database.close()
