"""How a database goes about what a ledger asks it, in its own words."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.engine import Database

_ASKING = ("SELECT", "UPDATE", "DELETE")


class Plans:
    """Of the statements that go by SQLAlchemy's execution, and not straight to the driver."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: list[tuple[str, Any]] = []
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, *given: Any) -> None:
        _, _, statement, parameters, *_ = given
        if statement.startswith(_ASKING):
            self._asked.append((statement, parameters))

    async def of(self, asking: Awaitable[object]) -> list[str]:
        """One for each statement, after it is done."""
        if self._database.dialect == "postgresql":
            async with self._database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text("VACUUM ANALYZE"))
        self._asked.clear()
        await asking
        async with self._database.reading() as connection:
            return [await _plan(connection, *one) for one in tuple(self._asked)]


async def _plan(connection: AsyncConnection, statement: str, parameters: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(row[-1] for row in await connection.exec_driver_sql(f"{how} {statement}", parameters))
