"""How a database goes about what a ledger asks it, in its own words."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.driver import raw_of
from worker.ledger.database.engine import Database

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
        asked = await self._asked_by(asking)
        async with self._database.reading() as connection:
            return [await _plan(connection, *one) for one in asked]

    async def efforts(self, asking: Awaitable[object]) -> list[int]:
        """What each statement takes, by the database's own count: rows that PostgreSQL reads, steps of SQLite's."""
        asked = await self._asked_by(asking)
        effort = _steps if self._database.dialect == "sqlite" else _rows
        async with self._database.reading() as connection:
            return [await effort(connection, *one) for one in asked]

    async def _asked_by(self, asking: Awaitable[object]) -> Sequence[tuple[str, Any]]:
        if self._database.dialect == "postgresql":
            async with self._database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text("VACUUM ANALYZE"))
        self._asked.clear()
        await asking
        return tuple(self._asked)


async def _plan(connection: AsyncConnection, statement: str, parameters: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(row[-1] for row in await connection.exec_driver_sql(f"{how} {statement}", parameters))


async def _steps(connection: AsyncConnection, statement: str, parameters: Any) -> int:
    steps = iter(range(10**9))
    driver = raw_of(connection)
    driver.set_progress_handler(lambda: next(steps) and 0, 1)
    (await connection.exec_driver_sql(statement, parameters)).all()
    driver.set_progress_handler(None, 0)
    return next(steps)


async def _rows(connection: AsyncConnection, statement: str, parameters: Any) -> int:
    explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    return sum(_read(explained.scalar_one()[0]["Plan"]))


def _read(node: Mapping[str, Any]) -> Iterator[int]:
    below = node.get("Plans", ())
    for one in below:
        yield from _read(one)
    if not below:
        yield sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
