"""SQLite's reading transactions: each sees one state of the file, whatever is written meanwhile.

A connection stays open for them: one from SQLAlchemy's pool, with its transaction, takes longer than the statements.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from worker.ledger.database.driver import raw_of
from worker.ledger.database.groups import OWN


class Readers:
    """Of one engine. The kept connection is begun for good as SQLAlchemy sees it; who reads beside it has another."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kept: AsyncConnection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Statements that see one state. What fails gives its connection up: what state that is in nobody knows."""
        connection, self._kept = self._kept, None
        if connection is None:
            connection = await self._connect()
        try:
            driver = raw_of(connection)
            driver.execute("BEGIN")
            yield connection
            driver.execute("ROLLBACK")
        except BaseException:
            await _disconnect(connection)
            raise
        if self._kept is None:
            self._kept = connection
        else:
            await connection.close()  # to the pool, where others may wait for it

    async def close(self) -> None:
        """Give up the connection that is kept."""
        connection, self._kept = self._kept, None
        if connection is not None:
            await _disconnect(connection)

    async def _connect(self) -> AsyncConnection:
        connection = await self._engine.connect()
        await connection.execution_options(**{OWN: True})
        await connection.begin()
        return connection


async def _disconnect(connection: AsyncConnection) -> None:
    with suppress(SQLAlchemyError):
        await connection.invalidate()
        await connection.close()
