"""Much that retention has outlived goes in many short transactions, so that workers keep their turn to write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.fakes import FakeClock
from tests.support.grown_ledger import discard, park, settle
from worker.ledger.database.engine import Database
from worker.ledger.database.tables import calls, discards, held
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger

DAY_S = 86_400
BODIES = select(func.count()).select_from(calls).where(calls.c.members.is_not(None))
CALLS = select(func.count()).select_from(calls)
DISCARDS = select(func.count()).select_from(discards)
MESSAGES = select(func.count()).select_from(held).where(held.c.body != b"")


class Watched(Database):
    """Knows how much its transactions left of what is counted: a number wherever it changed."""

    def __init__(self, url: str, clock: FakeClock) -> None:
        super().__init__(url, clock=clock)
        self.counted = BODIES
        self.left: list[int] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with super().transaction() as connection:
            yield connection
        async with self.reading() as connection:
            left = (await connection.execute(self.counted)).scalar_one()
        if [left] != self.left[-1:]:
            self.left.append(left)


@pytest.fixture
async def database(database_url: str, clock: FakeClock) -> AsyncIterator[Watched]:
    await upgrade(database_url)
    database = Watched(database_url, clock)
    yield database
    await database.close()


async def test_the_bodies_of_calls_go_page_by_page(database: Watched, clock: FakeClock) -> None:
    await settle(database, 1_200)
    clock.advance(31 * DAY_S)

    assert await Ledger(database, encryption_key=None).calls.purge(30) == 1_200

    assert database.left == [1_200, 700, 200, 0]


async def test_calls_themselves_go_page_by_page_after_thirteen_months_but_for_the_last(
    database: Watched, clock: FakeClock
) -> None:
    database.counted = CALLS
    await settle(database, 1_200)
    clock.advance(timedelta(days=401).total_seconds())
    ledger = Ledger(database, encryption_key=None)

    await ledger.calls.purge(30)
    assert database.left == [1_200]

    await ledger.calls.purge(30)
    assert database.left == [1_200, 700, 200, 1]


async def test_what_was_discarded_goes_page_by_page(database: Watched, clock: FakeClock) -> None:
    database.counted = DISCARDS
    await discard(database, 1_200)
    clock.advance(31 * DAY_S)

    await Ledger(database, encryption_key=None).calls.purge(30)

    assert database.left == [1_200, 700, 200, 0]


async def test_messages_of_parked_events_go_page_by_page(database: Watched, clock: FakeClock) -> None:
    database.counted = MESSAGES
    await park(database, 2_200)
    clock.advance(31 * DAY_S)

    assert await Ledger(database, encryption_key=None).parked.purge(30) == 2_200

    assert database.left == [2_200, 1_200, 200, 0]
