"""A database that a backup was restored into under running processes, or that lost commits: they book nothing more."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import document, event, lease_of, open_call, opened, put_documents, write
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LeaseLost, LedgerSetBack, LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Lease

BackUp = Callable[[], Callable[[], None]]
"""Makes a backup, and returns what restores it."""


@pytest.fixture
def back_up(database_url: str, request: pytest.FixtureRequest) -> Iterator[BackUp]:
    path = urlsplit(database_url).path
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(":memory:")) as kept:
            yield lambda: _copied(path[1:], kept)
        return
    postgres_url, names = request.getfixturevalue("postgres_url"), request.getfixturevalue("_databases")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        names.append(f"{path[1:]}_kept")
        yield lambda: _cloned(connection, path[1:], names[-1])


def _copied(file: str, kept: sqlite3.Connection) -> Callable[[], None]:
    """Into the file itself: one in its place is noticed by its number."""
    with closing(sqlite3.connect(file)) as live:
        live.backup(kept)

    def restore() -> None:
        with closing(sqlite3.connect(file)) as live:
            kept.backup(live)

    return restore


def _cloned(connection: psycopg.Connection, name: str, kept: str) -> Callable[[], None]:
    """As a failover does it, connections break."""

    def clone(source: str, target: str) -> None:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target)))
        clone = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(clone.format(sql.Identifier(target), sql.Identifier(source)))

    clone(name, kept)
    return lambda: clone(kept, name)


async def _whose_call_is_gone(ledger: Ledger, back_up: BackUp) -> tuple[Lease, Call]:
    """Who has opened a call that the database has lost since."""
    lease = await lease_of(ledger)
    restore = back_up()
    await _until_there(ledger)
    call = await open_call(ledger, lease, write(1))
    restore()
    await _until_there(ledger)
    return lease, call


async def _whose_call_is_open_again(ledger: Ledger, back_up: BackUp) -> tuple[Lease, Call]:
    """Who has closed a call, with an event held, and the database has lost that since."""
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    restore = back_up()
    await _until_there(ledger)
    await ledger.calls.close(lease, call.id, status=200, held=[event(1)])
    restore()
    await _until_there(ledger)
    return lease, call


async def _until_there(ledger: Ledger) -> None:
    """Connections that broke are noticed once each."""
    for _ in range(10):
        with suppress(LedgerUnavailable):
            await ledger.leases.heartbeat("w1")
            return
    raise AssertionError("the ledger does not come back")


async def test_who_renewed_since_the_backup_stands_still(ledger: Ledger, back_up: BackUp) -> None:
    lease = await lease_of(ledger)
    restore = back_up()
    await _until_there(ledger)
    lease = await ledger.leases.renew(lease)

    restore()
    await _until_there(ledger)

    with pytest.raises(LedgerSetBack, match="'main' has fence 1, renewed 0 times, not fence 1, renewed 1") as told:
        await ledger.leases.renew(lease)
    assert "stop all workers, agents and consoles" in told.value.cure
    assert "xerelay ledger rebuild" in told.value.cure
    with pytest.raises(LedgerSetBack):
        await ledger.leases.heartbeat("w1")
    with pytest.raises(LedgerSetBack):
        await ledger.leases.holders()


async def test_who_took_the_lease_since_the_backup_writes_nothing(ledger: Ledger, back_up: BackUp) -> None:
    await lease_of(ledger)
    restore = back_up()
    await _until_there(ledger)
    lease = await lease_of(ledger)

    restore()
    await _until_there(ledger)

    with pytest.raises(LedgerSetBack, match="has fence 1, renewed 0 times, not fence 2"):
        await ledger.held.remove(lease, [])


async def test_who_saw_it_renewed_since_the_backup_does_not_take_it_over(
    ledger: Ledger, back_up: BackUp, database_url: str, clock: FakeClock
) -> None:
    """The lease of who stands still runs out."""
    lease = await lease_of(ledger)
    async with opened(database_url, clock=clock) as other:
        restore = back_up()
        await _until_there(ledger)
        await _until_there(other)
        await ledger.leases.renew(lease)
        await other.leases.holders()

        restore()
        await _until_there(other)
        clock.advance(15)

        with pytest.raises(LedgerSetBack):
            await other.leases.acquire("main", "w2")


async def test_who_opened_a_call_since_the_backup_opens_no_other_though_its_lease_was_not_renewed(
    ledger: Ledger, back_up: BackUp
) -> None:
    """As in a failover that loses a second: leases are renewed every five."""
    lease = await lease_of(ledger)
    restore = back_up()
    await _until_there(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])

    restore()
    await _until_there(ledger)

    with pytest.raises(LedgerSetBack, match=f"call {call.id} of 'main' is not there any more") as told:
        await open_call(ledger, lease, write(1))
    assert "xerelay ledger rebuild" in told.value.cure
    with pytest.raises(LedgerSetBack):
        await ledger.leases.renew(lease)


async def test_who_has_the_answer_to_a_call_that_is_gone_stands_still(ledger: Ledger, back_up: BackUp) -> None:
    """Xero has its documents, and the ledger knows of none."""
    lease, call = await _whose_call_is_gone(ledger, back_up)

    with pytest.raises(LedgerSetBack, match=f"call {call.id} of 'main' is not there any more"):
        await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])
    with pytest.raises(LedgerSetBack):
        await ledger.leases.renew(lease)


async def test_who_has_no_answer_to_a_call_that_is_gone_stands_still(ledger: Ledger, back_up: BackUp) -> None:
    lease, call = await _whose_call_is_gone(ledger, back_up)

    with pytest.raises(LedgerSetBack, match=f"call {call.id} of 'main' is not there any more"):
        await ledger.calls.mark_uncertain(lease, call.id, status=None, detail="no reply within 60 s")
    with pytest.raises(LedgerSetBack):
        await ledger.leases.renew(lease)


async def test_who_has_closed_a_call_that_is_open_again_opens_no_other(ledger: Ledger, back_up: BackUp) -> None:
    """What was held for its answer is lost with it."""
    lease, call = await _whose_call_is_open_again(ledger, back_up)

    with pytest.raises(LedgerSetBack, match=f"call {call.id} of 'main' is not closed any more") as told:
        await open_call(ledger, lease, write(2))
    assert "xerelay ledger rebuild" in told.value.cure


async def test_who_begins_anew_settles_no_call_that_it_has_closed(ledger: Ledger, back_up: BackUp) -> None:
    """As where the failover ended its session: its documents would be looked up, and what was held forgotten."""
    _, call = await _whose_call_is_open_again(ledger, back_up)

    with pytest.raises(LedgerSetBack, match=f"call {call.id} of 'main' is not closed any more"):
        await ledger.calls.unsettled("main")


class Behind(Database):
    """Where `ledger.url` names several hosts: what is only read, a standby answers that lacks the newest of it."""

    standby: Database | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.standby.reading() if self.standby else super().reading() as connection:
            yield connection


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_standby_that_has_a_call_open_still_stops_nobody(database_url: str, back_up: BackUp) -> None:
    database, standby = Behind(database_url), Database(f"{database_url}_kept")
    ledger = Ledger(database, encryption_key=None)
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    back_up()
    await _until_there(ledger)
    await ledger.calls.close(lease, call.id, status=200)

    database.standby = standby
    assert [one.id for one in await ledger.calls.unsettled("main")] == [call.id]

    assert await ledger.calls.close(lease, call.id, status=200) == []
    await standby.close()
    await ledger.close()


async def test_a_backup_of_what_is_there_now_stops_nobody(ledger: Ledger, back_up: BackUp) -> None:
    lease = await ledger.leases.renew(await lease_of(ledger))
    await open_call(ledger, lease, write(1))

    back_up()()
    await _until_there(ledger)

    assert (await ledger.leases.renew(lease)).renewals == lease.renewals + 1
    await open_call(ledger, lease, write(2))


async def test_a_clock_that_was_years_ahead_takes_no_last_call_away(
    ledger: Ledger, database_url: str, clock: FakeClock
) -> None:
    """Who opened it would take that for lost commits, also if another has opened later ones since."""
    ahead_s = 2 * 365 * 86_400.0
    async with opened(database_url, clock=clock) as other:
        for number, one in enumerate([ledger, other]):
            await put_documents(one, await lease_of(one, f"w{number}"), document(number))
            clock.advance(16)

        clock.advance(ahead_s)
        await ledger.calls.purge(30)
        clock.set_back(ahead_s)

        await open_call(ledger, await lease_of(ledger), write(3))


@pytest.mark.parametrize("seed", range(8))
async def test_no_clock_and_no_other_worker_sets_a_ledger_back(
    seed: int, ledger: Ledger, database_url: str, clock: FakeClock
) -> None:
    """Two workers that take, lose, renew (by what they knew long ago, too) and release, by a clock that swings."""
    chance, hours = random.Random(seed), 0.0
    known = [await lease_of(ledger)]
    async with opened(database_url, clock=clock) as other:
        for _ in range(60):
            one = chance.choice([ledger, other])
            what = chance.choice(["acquire", "renew", "renew", "release", "holders", "jump", "wait"])
            lease = chance.choice(known[-4:])
            with suppress(LeaseLost):
                if what == "acquire":
                    taken = await one.leases.acquire("main", chance.choice(["w1", "w2"]), chance.choice([1, 15, 30]))
                    known += [taken] if taken else []
                elif what == "renew":
                    known.append(await one.leases.renew(lease, chance.choice([1, 15, 30])))
                elif what == "release":
                    await one.leases.release(lease)
                elif what == "holders":
                    await one.leases.holders()
                elif what == "jump":
                    clock.set_back(hours * 3600)
                    hours = chance.choice([0.0, 6.0, 24.0])
                    clock.advance(hours * 3600)
                else:
                    clock.advance(chance.choice([5, 15, 60]))
