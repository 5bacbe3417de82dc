"""PostgreSQL knows soon what its largest tables have."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.support.books_in_memory import Case
from tests.support.fakes import FakeClock
from tests.support.grown_ledger import orphan
from worker.ledger.database.engine import Database
from worker.ledger.ledger import Ledger

_OPTIONS = "SELECT relname, reloptions FROM pg_class WHERE relname IN ('documents', 'held') ORDER BY relname"
_KNOWN = "SELECT reltuples FROM pg_class WHERE relname = 'held'"
_RESTORED = "SELECT reltuples FROM pg_class WHERE relname = 'documents'"
_SOON = ["autovacuum_analyze_scale_factor=0", "autovacuum_analyze_threshold=2000"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_largest_tables_are_looked_at_after_so_many_changes_however_large_they_are(
    database: Database,
) -> None:
    assert await rows_of(database, _OPTIONS) == [("documents", _SOON), ("held", _SOON)]


async def test_what_was_written_at_once_is_known_at_once(database: Database) -> None:
    await orphan(database, 1_000)

    await Ledger(database, encryption_key=None).refresh_statistics()

    if database.dialect == "postgresql":
        assert await rows_of(database, _KNOWN) == [(1_000,)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_rebuild_leaves_known_what_it_has_restored(ledger: Ledger, clock: FakeClock, database_url: str) -> None:
    case, database = Case(ledger, clock), Database(database_url)
    case.xero.book(await case.events())

    done = await case.rebuild()

    assert await rows_of(database, _RESTORED) == [(done.restored.total(),)]
    await database.close()


async def rows_of(database: Database, statement: str) -> list[Any]:
    """What the database says of itself."""
    async with database.reading() as connection:
        return [tuple(row) for row in (await connection.execute(text(statement))).all()]
