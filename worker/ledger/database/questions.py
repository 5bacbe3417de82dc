"""Questions that go to the database's driver itself, several in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.driver import guarded, raw_of
from worker.ledger.database.statements import Prepared

Row = tuple[Any, ...]


async def ask(connection: AsyncConnection, *questions: Prepared, given: Mapping[str, Any]) -> list[Row | None]:
    """The first row of each, columns as they are stored.

    They are answered one after the other: what one waited for, the next one sees.
    """
    driver = raw_of(connection)
    if questions[0].by_position:
        return [driver.execute(one.sql, one.parameters(given)).fetchone() for one in questions]
    return await guarded(connection, questions[0].sql, _answers(driver, questions, given))


async def _answers(driver: Any, questions: Sequence[Prepared], given: Mapping[str, Any]) -> list[Row | None]:
    if len(questions) == 1:
        (only,) = questions
        return [await (await driver.execute(only.sql, only.parameters(given))).fetchone()]
    async with driver.pipeline():
        cursors = [await driver.execute(one.sql, one.parameters(given)) for one in questions]
    return [await cursor.fetchone() for cursor in cursors]
