"""SQLite's reading transactions, whose connections stay open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from tests.support.numbers_database import numbers_database
from worker.ledger.database.engine import Database

CONNECTIONS = 15
"""As many as SQLAlchemy's pool gives away at once."""


class Halt:
    """Where a reading stops between its two questions."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.over = asyncio.Event()


class Watched:
    """A database of one table, and how often SQLAlchemy's pool was asked for a connection."""

    def __init__(self, database: Database, file: Path) -> None:
        self.database = database
        self.file = file
        self.asked = 0
        event.listen(database.engine.sync_engine, "checkout", self._count)

    def _count(self, *_: object) -> None:
        self.asked += 1

    async def numbers(self, *, halt: Halt | None = None, fails: bool = False) -> tuple[int, int]:
        """How many there are, asked twice in one transaction."""
        async with self.database.reading() as connection:
            first = (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar_one()
            if halt is not None:
                halt.reached.set()
                await halt.over.wait()
            if fails:
                raise ValueError("it does not work")
            return first, (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar_one()

    async def add(self, number: int) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})

    def open_files(self) -> int:
        """Of this process, those that are the database's own file."""
        return sum(link.exists() and link.samefile(self.file) for link in Path("/proc/self/fd").iterdir())


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with numbers_database(tmp_path) as (database, file):
        yield Watched(database, file)


async def test_readings_one_after_the_other_keep_their_connection(watched: Watched) -> None:
    for _ in range(5):
        await watched.numbers()

    assert watched.asked == 1


async def test_a_reading_sees_one_state_and_the_next_one_what_was_written(watched: Watched) -> None:
    halt = Halt()
    reading = asyncio.create_task(watched.numbers(halt=halt))
    await halt.reached.wait()

    await watched.add(1)
    beside = await watched.numbers()
    halt.over.set()

    assert (await reading, beside, await watched.numbers()) == ((0, 0), (1, 1), (1, 1))


async def test_more_readings_at_once_than_there_are_connections_take_turns(watched: Watched) -> None:
    halt = Halt()
    readings = [asyncio.create_task(watched.numbers(halt=halt)) for _ in range(2 * CONNECTIONS)]
    async with asyncio.timeout(20):
        while watched.asked < CONNECTIONS:  # noqa: ASYNC110 - the pool does not tell when it has no more
            await asyncio.sleep(0.01)
        halt.over.set()
        found = await asyncio.gather(*readings)

    assert found == [(0, 0)] * len(readings)


async def test_a_reading_that_fails_gives_its_connection_up(watched: Watched) -> None:
    with pytest.raises(ValueError, match="does not work"):
        await watched.numbers(fails=True)

    assert await watched.numbers() == (0, 0)
    assert watched.asked == 2


async def test_a_cancelled_reading_leaves_no_transaction_open(watched: Watched) -> None:
    halt = Halt()
    reading = asyncio.create_task(watched.numbers(halt=halt))
    await halt.reached.wait()
    reading.cancel()
    await asyncio.wait({reading})

    await watched.add(1)

    assert await watched.numbers() == (1, 1)


async def test_a_closed_database_has_no_file_open(watched: Watched) -> None:
    await asyncio.gather(watched.numbers(), watched.numbers(), watched.add(1))

    await watched.database.close()

    assert watched.open_files() == 0
