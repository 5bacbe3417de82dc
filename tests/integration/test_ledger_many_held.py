"""Thousands of held events at once: each goes once, and they do not keep other workers waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.fakes import START, FakeClock
from tests.support.grown_ledger import orphan, postpone
from tests.support.sample_ledger import ORG, document, lease_of, put_documents, waiting_in
from worker.documents.documents import Kind
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.ledger.database.tables import held
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.records import KIND_PAUSED, HoldState, Pause

MANY = 1_200
LATER = START + timedelta(hours=1)


class Watched(Database):
    """Has `between` look after each transaction that wrote."""

    between: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with super().transaction() as connection:
            yield connection
        if self.between is not None:
            await self.between()


@pytest.fixture
async def database(database_url: str, clock: FakeClock) -> AsyncIterator[Watched]:
    await upgrade(database_url)
    database = Watched(database_url, clock=clock)
    yield database
    await database.close()


@pytest.fixture
def ledger(database: Watched) -> Ledger:
    return Ledger(database, encryption_key=None)


async def test_a_sweep_releases_each_child_once_in_transactions_of_some_hundreds(
    ledger: Ledger, database: Watched
) -> None:
    ids = await orphan(database, MANY)
    await write_parents(ledger, MANY - 1)
    lease, left = await lease_of(ledger), [MANY]

    async def count() -> None:
        left.append((await waiting_in(ledger))[HoldState.PARENT])

    database.between = count
    released = await ledger.held.sweep_parents(lease)
    again = await ledger.held.sweep_parents(lease)

    assert (sorted(released), again) == (sorted(ids[:-1]), [])
    assert left[-1] == 1
    assert max(before - after for before, after in pairwise(left)) <= 500


async def test_a_sweep_that_loses_its_lease_stops_and_the_next_worker_does_the_rest(
    ledger: Ledger, database: Watched, clock: FakeClock
) -> None:
    ids = await orphan(database, MANY)
    await write_parents(ledger, MANY)
    old = await lease_of(ledger)

    database.between = takes_over(ledger, database, clock)
    with pytest.raises(LeaseLost):
        await ledger.held.sweep_parents(old)
    done = MANY - (await waiting_in(ledger))[HoldState.PARENT]
    rest = await ledger.held.sweep_parents(await lease_of(ledger, "w2"))

    assert 0 < done <= 500
    assert len(rest) == MANY - done
    assert (await waiting_in(ledger))[HoldState.TIME] == len(ids)


async def test_what_a_pause_made_wait_is_due_once_it_is_over_in_transactions_of_some_hundreds(
    ledger: Ledger, database: Watched
) -> None:
    await postpone(database, MANY, reason=KIND_PAUSED, until=LATER)
    await postpone(database, 3, reason="another", until=LATER)
    await ledger.pauses.set(None, Pause(ORG, Kind.PAYMENT, "refused", "five alike", START, LATER))
    left = [MANY]

    async def count() -> None:
        left.append(await waiting_longer(database))

    database.between = count
    await ledger.pauses.clear(ORG, Kind.PAYMENT)

    assert left[-1] == 3
    assert max(before - after for before, after in pairwise(left)) <= 500


async def test_what_is_left_of_the_end_of_a_pause_is_found_by_the_organisations_worker(
    ledger: Ledger, database: Watched
) -> None:
    await postpone(database, MANY, reason=KIND_PAUSED, until=LATER)
    await ledger.pauses.set(None, Pause(ORG, Kind.PAYMENT, "refused", "five alike", START, LATER))
    lease, left = await lease_of(ledger), [MANY]

    async def fail_in_the_middle() -> None:
        left.append(await waiting_longer(database))
        if left[-1] < MANY - 500:
            database.between = None
            raise LedgerUnavailable("the console was killed")

    database.between = fail_in_the_middle
    with pytest.raises(LedgerUnavailable):
        await ledger.pauses.clear(ORG, Kind.PAYMENT)
    await ledger.pauses.shorten(lease)

    assert left[-1] > 0
    assert await waiting_longer(database) == 0


async def test_shortening_stops_when_the_lease_is_lost_and_the_next_worker_does_the_rest(
    ledger: Ledger, database: Watched, clock: FakeClock
) -> None:
    await postpone(database, MANY, reason=KIND_PAUSED, until=LATER)
    old, left = await lease_of(ledger), [MANY]

    async def take_over() -> None:
        left.append(await waiting_longer(database))
        if left[-1] < MANY:
            database.between = None
            clock.advance(15)
            await lease_of(ledger, "w2")

    database.between = take_over
    with pytest.raises(LeaseLost):
        await ledger.pauses.shorten(old)
    await ledger.pauses.shorten(await lease_of(ledger, "w2"))

    assert MANY - left[-1] <= 500
    assert await waiting_longer(database) == 0


async def waiting_longer(database: Database) -> int:
    """How many wait for a time that is still to come."""
    async with database.reading() as connection:
        late = select(func.count()).select_from(held).where(held.c.until > await database.now(connection))
        return (await connection.execute(late)).scalar_one()


def takes_over(ledger: Ledger, database: Watched, clock: FakeClock) -> Callable[[], Awaitable[None]]:
    """Another worker, once something is released."""

    async def take_over() -> None:
        if (await waiting_in(ledger))[HoldState.TIME]:
            database.between = None
            clock.advance(15)
            await lease_of(ledger, "w2")

    return take_over


async def write_parents(ledger: Ledger, many: int) -> None:
    """As a call of another organisation's lease does, that releases none of these children."""
    other = await lease_of(ledger, name="other")
    await put_documents(ledger, other, *(document(number) for number in range(many)))
    assert (await waiting_in(ledger))[HoldState.TIME] == 0
