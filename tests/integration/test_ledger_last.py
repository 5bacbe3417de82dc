"""What is written with the commit."""

from __future__ import annotations

import pytest
from sqlalchemy import exc, func, select

from tests.support.fakes import START
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import plain_insert
from worker.ledger.database.tables import spends, workers

ROW = {"org": "main", "minute": START, "granted": 1}


async def test_it_is_there_with_the_rest(database: Database) -> None:
    await _write(database, [ROW])

    assert await _rows(database) == (1, 1)


async def test_when_it_does_not_fit_nothing_is_written_and_the_next_may_try(database: Database) -> None:
    with pytest.raises(exc.IntegrityError):
        await _write(database, [ROW, ROW])
    nothing = await _rows(database)
    await _write(database, [ROW])

    assert nothing == (0, 0)
    assert await _rows(database) == (1, 1)


async def test_when_the_transaction_fails_before_it_is_forgotten(database: Database) -> None:
    with pytest.raises(ValueError, match="no"):
        await _write(database, [ROW], ValueError("no"))

    assert await _rows(database) == (0, 0)


async def _write(database: Database, last: list[dict[str, object]], error: Exception | None = None) -> None:
    async with database.transaction() as connection:
        await plain_insert(database.dialect, spends).run_last(connection, last)
        await plain_insert(database.dialect, workers).run(connection, [{"worker_id": "w1", "seen_at": START}])
        if error is not None:
            raise error


async def _rows(database: Database) -> tuple[int, int]:
    async with database.reading() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(t))).scalar_one() for t in (spends, workers)
        ]
    return counts[0], counts[1]
