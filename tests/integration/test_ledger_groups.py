from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from tests.support.numbers_database import numbers_database
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerUnavailable


class Counted:
    """A database of one table, and how often it was committed."""

    def __init__(self, database: Database, file: Path) -> None:
        self.database = database
        self.file = file
        self.commits = 0
        event.listen(database.engine.sync_engine, "connect", self._watch)

    def _watch(self, connection: Any, _record: object) -> None:
        connection.driver_connection.set_trace_callback(self._count)

    def _count(self, statement: str) -> None:
        self.commits += statement == "COMMIT"

    async def add(self, number: int, *, fails: bool = False) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
            await asyncio.sleep(0)
            if fails:
                raise ValueError(f"{number} must not stay")

    def numbers(self) -> list[int]:
        """As another process sees them."""
        connection = sqlite3.connect(self.file)
        try:
            return [number for (number,) in connection.execute("SELECT number FROM numbers ORDER BY number")]
        finally:
            connection.close()


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    async with numbers_database(tmp_path) as (database, file):
        yield Counted(database, file)


async def test_those_who_wait_for_the_writer_share_a_commit(counted: Counted) -> None:
    await asyncio.gather(*(counted.add(number) for number in range(20)))

    assert counted.numbers() == list(range(20))
    assert counted.commits <= 2


async def test_whoever_returns_finds_its_rows_on_the_disk(counted: Counted) -> None:
    async def one(number: int) -> None:
        await counted.add(number)
        assert number in counted.numbers()

    await asyncio.gather(*(one(number) for number in range(10)))


async def test_what_fails_takes_back_its_own_rows_and_no_others(counted: Counted) -> None:
    results = await asyncio.gather(
        *(counted.add(number, fails=number % 3 == 0) for number in range(9)), return_exceptions=True
    )

    assert [isinstance(result, ValueError) for result in results] == [number % 3 == 0 for number in range(9)]
    assert counted.numbers() == [1, 2, 4, 5, 7, 8]


async def test_a_member_that_is_cancelled_harms_nobody(counted: Counted) -> None:
    tasks = [asyncio.create_task(counted.add(number)) for number in range(6)]
    await asyncio.sleep(0)

    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await counted.add(100)

    assert {1, 3, 5, 100} <= set(counted.numbers())


async def test_a_commit_that_fails_fails_for_each_of_its_members(counted: Counted) -> None:
    # without a write-ahead log a commit waits for readers, and here nobody waits
    reader = sqlite3.connect(counted.file, isolation_level=None)
    reader.execute("PRAGMA journal_mode=DELETE")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM numbers").fetchall()

    results = await asyncio.gather(*(counted.add(number) for number in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [LedgerUnavailable] * 3
    reader.close()
    assert counted.numbers() == []
    await counted.add(7)
    assert counted.numbers() == [7]


async def test_what_the_database_took_back_for_one_fails_for_those_before_it_and_none_after(counted: Counted) -> None:
    async def takes_all_back() -> None:
        async with counted.database.transaction() as connection:
            await connection.execute(text("INSERT OR ROLLBACK INTO numbers VALUES (NULL)"))

    await counted.add(1)
    results = await asyncio.gather(counted.add(2), takes_all_back(), counted.add(3), return_exceptions=True)

    assert isinstance(results[0], LedgerUnavailable)
    assert isinstance(results[1], IntegrityError)
    assert results[2] is None
    assert counted.numbers() == [1, 3]


async def test_a_member_that_hears_of_no_error_does_not_hide_that_all_was_taken_back(counted: Counted) -> None:
    async def hides_it() -> None:
        async with counted.database.transaction() as connection:
            with suppress(IntegrityError):
                await connection.execute(text("INSERT OR ROLLBACK INTO numbers VALUES (NULL)"))

    await counted.add(1)
    results = await asyncio.gather(counted.add(2), hides_it(), counted.add(3), return_exceptions=True)

    assert [type(result) for result in results] == [LedgerUnavailable, LedgerUnavailable, type(None)]
    assert counted.numbers() == [1, 3]
