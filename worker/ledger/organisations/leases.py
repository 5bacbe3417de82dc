"""Who serves what: leases with a fencing number, and which workers are alive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.instants import instant
from worker.ledger.database.engine import DATABASE_NOW, Database
from worker.ledger.database.errors import LeaseLost, set_back
from worker.ledger.database.lost_commits import MARK, Mark
from worker.ledger.database.questions import Row, ask
from worker.ledger.database.statements import Prepared, among, fetch, insert, prepared, upsert
from worker.ledger.database.tables import leases, workers
from worker.ledger.records import Lease

_NOBODY = ""
_BY_NAME = select(leases).where(leases.c.name == bindparam("of")).with_for_update()
_BY_NAMES = (
    select(leases.c.name).where(among(leases.c.name, "names")).order_by(leases.c.name).with_for_update(key_share=True)
)
_HELD = select(leases.c.holder, leases.c.fence, leases.c.renewals).where(leases.c.name == bindparam("of"))
_SET = update(leases).where(leases.c.name == bindparam("of"))
_RENEW = _SET.values(
    expires_at=bindparam("end", type_=leases.c.expires_at.type), renewals=leases.c.renewals + 1
).returning(leases.c.renewals)
_TAKEN = select(leases).where(leases.c.holder != _NOBODY, leases.c.expires_at > bindparam("at"))
_ALIVE = (
    select(workers.c.worker_id)
    # who was seen later than now was seen by a clock that was ahead
    .where(workers.c.seen_at > bindparam("after"), workers.c.seen_at <= bindparam("before"))
    .order_by(workers.c.worker_id)
)
_FORGET = delete(workers).where(workers.c.worker_id == bindparam("worker"))
_TOO_LONG = 2
"""No lease has twice its ttl left, unless the ledger's clock was ahead."""

_LONGEST_S = 30.0
"""For so long, a rebuild's ttl, a name is taken at most that others ask for with a shorter one: those do not end it."""


class Leases:
    """Names are an organisation's own name, `token:{connection}`, or whatever else one worker at a time does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, Lease] = {}

    async def acquire(self, name: str, holder: str, ttl_s: float = 15) -> Lease | None:
        """The lease, when it is free, expired, or the holder's own; else None. Every acquisition raises the fence.

        One that was granted while the ledger's clock was ahead ends after `ttl_s`, unless its holder renews it.
        Raises `LedgerSetBack` where `holders` has told of a later one.
        """
        # looked up before the transaction begins, in which it cannot be older then
        seen = self._seen.get(name)
        free = insert(self._database.dialect, leases).on_conflict_do_nothing()
        async with self._database.transaction() as connection:
            row = (await connection.execute(_BY_NAME, {"of": name})).mappings().one_or_none()
            now = await self._database.now(connection)
            if row is None:
                await connection.execute(free, {"name": name, "holder": _NOBODY, "fence": 0, "expires_at": now})
                row = (await connection.execute(_BY_NAME, {"of": name})).mappings().one()
            if seen is not None:
                insist_on(seen, row["fence"], row["renewals"])
            expires_at = now + timedelta(seconds=ttl_s)
            if row["holder"] not in (_NOBODY, holder) and row["expires_at"] > now:
                if _is_too_long(row["expires_at"], now, ttl_s):
                    await self._store(connection, replace(_lease(row), expires_at=expires_at))
                return None
            lease = Lease(name, holder, row["fence"] + 1, expires_at, row["renewals"])
            await self._store(connection, lease)
        return lease

    async def renew(self, lease: Lease, ttl_s: float = 15) -> Lease:
        """The same lease for longer, also when it expired and nobody took it. Raises `LeaseLost`, `LedgerSetBack`."""
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            expires_at = now + timedelta(seconds=ttl_s)
            renewed = await connection.execute(_RENEW, {"of": lease.name, "end": expires_at})
            # by the ledger's own count: one that had no answer may have happened
            count = renewed.scalar_one()
        return replace(lease, expires_at=expires_at, renewals=count)

    async def release(self, lease: Lease) -> None:
        """Give it up at once. Nothing happens when it is lost already."""
        async with self._database.transaction() as connection:
            try:
                now = await fenced(self._database, connection, lease)
            except LeaseLost:
                return
            await self._store(connection, replace(lease, holder=_NOBODY, expires_at=now))

    async def holders(self, ttl_s: float | None = None) -> list[Lease]:
        """Every lease that is held and not expired.

        With a `ttl_s`, less those that were granted for it while the ledger's clock was ahead: `acquire` ends them.
        """
        async with self._database.reading() as connection:
            now = await self._database.now(connection)
            rows = (await connection.execute(_TAKEN, {"at": now})).mappings()
            held = [_lease(row) for row in rows]
        for lease in held:
            self._see(lease)
        return [lease for lease in held if ttl_s is None or not _is_too_long(lease.expires_at, now, ttl_s)]

    async def heartbeat(self, worker_id: str) -> None:
        """Worker `worker_id` is alive."""
        async with self._database.transaction() as connection:
            seen = {"worker_id": worker_id, "seen_at": await self._database.now(connection)}
            await upsert(self._database.dialect, workers, ("worker_id",)).run(connection, [seen])

    async def live_workers(self, within_s: float = 15) -> list[str]:
        """Workers heard of in that time, in order."""
        async with self._database.reading() as connection:
            now, within = await self._database.now(connection), timedelta(seconds=within_s)
            seen = {"after": now - within, "before": now + within}
            return list((await connection.execute(_ALIVE, seen)).scalars())

    async def forget_worker(self, worker_id: str) -> None:
        """The worker left in good order: the others need not wait for its silence."""
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET, {"worker": worker_id})

    def _see(self, lease: Lease) -> None:
        """Whoever takes it over: a restored database gives the lease of who stands still to who knows nothing."""
        seen = self._seen.get(lease.name, lease)
        # answers of a question, or of a standby, may come late
        self._seen[lease.name] = max(seen, lease, key=lambda one: (one.fence, one.renewals))

    @staticmethod
    async def _store(connection: AsyncConnection, lease: Lease) -> None:
        values = {"holder": lease.holder, "fence": lease.fence, "expires_at": lease.expires_at}
        await connection.execute(_SET.values(values), {"of": lease.name})


def _lease(row: Mapping[Any, Any]) -> Lease:
    return Lease(row["name"], row["holder"], row["fence"], row["expires_at"], row["renewals"])


def insist_on(known: Lease, fence: int, renewals: int) -> None:
    """Raise `LedgerSetBack` where what the ledger has of a lease is older than what is `known` of it.

    Nobody writes a lower number, whatever clocks do: what was committed is lost, and more than that may be.
    """
    if fence >= known.fence and renewals >= known.renewals:
        return
    has, had = f"fence {fence}, renewed {renewals} times", f"fence {known.fence}, renewed {known.renewals} times"
    raise set_back(f"lease {known.name!r} has {has}, not {had}")


def _is_too_long(expires_at: datetime, now: datetime, ttl_s: float) -> bool:
    return expires_at > now + timedelta(seconds=max(_TOO_LONG * ttl_s, _LONGEST_S))


async def fenced(database: Database, connection: AsyncConnection, lease: Lease) -> datetime:
    """The ledger's time, when `lease` is still the current one; else raises `LeaseLost` or `LedgerSetBack`.

    On PostgreSQL the lease's row stays locked until the transaction ends, on SQLite the whole database is: nobody can
    take the lease in between. Time is read after the lock was waited for, in the same round trip.
    """
    (found,) = await ask(connection, fence(database.dialect, timed=database.clock is None), given={"of": lease.name})
    return check(database, connection, lease, found)


async def take_turns(connection: AsyncConnection, names: Iterable[str]) -> None:
    """Until the transaction ends, those who hold these leases wait at their fence; it waits for theirs first.

    For those who have no lease and change the same rows: in whatever order, nobody locks anybody out.
    """
    await fetch(connection, _BY_NAMES, {"names": sorted(set(names))})


async def take_turn(database: Database, connection: AsyncConnection, name: str) -> bool:
    """As `take_turns`, of one lease, and whether somebody has it.

    One that has expired is ended: a holder that stood still with events in memory changes nothing with them any more.
    """
    # the strongest lock: who has passed the fence already is waited for
    row = (await connection.execute(_BY_NAME, {"of": name})).mappings().one_or_none()
    if row is None or row["holder"] == _NOBODY:
        return False
    if row["expires_at"] > await database.now(connection):
        return True
    await connection.execute(_SET.values(holder=_NOBODY), {"of": name})
    return False


def check(database: Database, connection: AsyncConnection, lease: Lease, found: Row | None) -> datetime:
    """Whether what the fence's question found is `lease`; returns the ledger's time.

    Raises `LeaseLost`, or `LedgerSetBack` where the lease was a later one once.
    """
    holder, number, renewals, *marked = found or (_NOBODY, 0, 0)
    insist_on(lease, number, renewals)
    if (holder, number) != (lease.holder, lease.fence):
        now_held = f"{holder} (fence {number})" if holder else "nobody"
        raise LeaseLost(f"lease {lease.name!r}: {lease.holder} has fence {lease.fence}, but {now_held} holds it now")
    if database.clock:
        return database.clock.now()
    mark = connection.info[MARK] = Mark(*marked)
    return instant(mark.at)


@cache
def fence(dialect: str, *, timed: bool, beside_others: bool = False) -> Prepared:
    """Who holds the lease, locked until the transaction ends; read after that, where it is `timed`, its `Mark`.

    Transactions of one lease go one after the other, but for those that may go `beside_others`. Taking a lease asks for
    the strongest lock, which waits for all of them (PostgreSQL 13.3.2).
    """
    locked = _HELD.with_for_update(read=beside_others, key_share=True).cte("locked")
    locked = locked.prefix_with("MATERIALIZED", dialect="postgresql")
    marked = (DATABASE_NOW.label("now"), func.pg_current_xact_id().label("transaction"))
    return prepared(dialect, select(locked, *marked) if timed else select(locked))
