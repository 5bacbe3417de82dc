"""Events that wait in the ledger: for a time, for a parent document, or for a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.envelope import Lane
from schemas.errors import REASONS
from worker.documents.documents import DocumentKey
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import do_in_pages
from worker.ledger.database.statements import among, chunks, of_entities
from worker.ledger.database.tables import IS_CHILD, IS_TIMED, discards, held
from worker.ledger.documents import read_documents
from worker.ledger.held.children import PARENT_COLUMNS, sweep
from worker.ledger.held.held_rows import held_of
from worker.ledger.held.succession import held_of_entities, keep_held, outdated_ones
from worker.ledger.organisations.leases import fenced
from worker.ledger.records import (
    NO_COUNTS,
    PARENT_MISSING,
    CountHeld,
    Held,
    HoldState,
    Lease,
    Tally,
    uncounted,
)
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.runs.run_events import tally_held

_PAGE = 500
_TIME, _PERSON = HoldState.TIME.value, HoldState.PERSON.value
_BY_IDS = among(held.c.id, "ids")
_GET = select(held).where(_BY_IDS)
_DISCARDED = select(discards.c.id).where(among(discards.c.id, "ids"))
_REMOVE = delete(held).where(_BY_IDS)
_DUE = (
    select(held.c.id)
    .where(held.c.org == bindparam("of"), IS_TIMED, held.c.until <= bindparam("at"))
    .order_by(held.c.until, held.c.id)
    .limit(bindparam("most"))
)
# without the organisation, whose index of what is due would be read from end to end
_DUE_OF = (
    select(held.c.id)
    .where(_BY_IDS, held.c.state == _TIME, held.c.until <= bindparam("at"))
    .order_by(held.c.until, held.c.id)
)
_OVERDUE = (
    select(held)
    .where(held.c.org == bindparam("of"), IS_CHILD, held.c.state_since <= bindparam("before"))
    .order_by(held.c.state_since, held.c.id)
    .limit(bindparam("most"))
)
_FAR = (
    select(held.c.id)
    .where(held.c.org == bindparam("of"), IS_TIMED, held.c.until > bindparam("longest"))
    .order_by(held.c.until, held.c.id)
    .limit(_PAGE)
)
_HASTEN = update(held).where(_BY_IDS).values(until=bindparam("at", type_=held.c.until.type))
_EXPIRE = (
    update(held)
    .where(held.c.id == bindparam("this"))
    .values(state=_PERSON, until=None, state_since=bindparam("at", type_=held.c.until.type))
    .values(reason=bindparam("why"), detail=bindparam("what"), hint=bindparam("tip"))
)
_AWAITED = (
    select(*PARENT_COLUMNS)
    .distinct()
    .where(
        held.c.org == bindparam("of"),
        held.c.state == _TIME,
        held.c.reason == bindparam("why"),
        held.c.parent_source.is_not(None),
    )
)
_RELEASE_WAITING = (
    update(held)
    .where(
        held.c.org == bindparam("of"),
        held.c.state == _TIME,
        held.c.reason == bindparam("why"),
        held.c.parent_source == bindparam("store"),
        held.c.parent_entity == bindparam("sort"),
        among(held.c.parent_entity_id, "ids"),
    )
    .values(until=bindparam("at", type_=held.c.until.type), state_since=bindparam("at"))
)
_WAITS_FOR_PARENT = timedelta(hours=24)
_LONGEST_HOLD = timedelta(days=1, hours=1)
"""Nothing is held for more than a day by the ledger's clock, unless that was ahead."""

_EXPIRE_LIMIT = 200
_AT_ONCE, _ENOUGH_BYTES = 8, 4 * 1024 * 1024
_MISSING_HINT = "see why the parent is not in Xero and bring it there: this event then goes by itself"


class HeldEvents:
    """One row per message, by its id, and one per entity: see `worker.ledger.held.succession`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(
        self,
        lease: Lease,
        events: Sequence[Held],
        *,
        count: CountHeld = uncounted,
    ) -> list[Held]:
        """Hold these, except those whose parent exists by now: they are returned, to be gone on with.

        What was held of their entities up to their versions ends, and `count` says what the runs have of it all.
        Idempotent by id, but for that. The parent is looked for in the same transaction that inserts, so no child can
        be left waiting for a parent that was written meanwhile. Raises `LeaseLost`.
        """
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            present = await _present_parents(connection, events)
            waiting = [one for one in events if not _is_free(one, present)]
            ended = await keep_held(connection, self._database.dialect, waiting, now)
            await add_counts(connection, count(waiting, ended))
        return [one for one in events if _is_free(one, present)]

    async def outdated(self, events: Sequence[Held]) -> frozenset[str]:
        """The ids of those that need not be held: a newer version is held, or is among them."""
        async with self._database.reading() as connection:
            there = await held_of_entities(connection, {one.owner for one in events if one.owner and one.version})
        return outdated_ones(events, there)

    async def discarded(self, ids: Collection[str]) -> frozenset[str]:
        """Those of `ids` that a person has let go."""
        gone: set[str] = set()
        async with self._database.reading() as connection:
            for piece in chunks(ids):
                gone.update((await connection.execute(_DISCARDED, {"ids": piece})).scalars())
        return frozenset(gone)

    async def redacted(self, bodies: Mapping[str, bytes]) -> frozenset[str]:
        """The ids of those that are held with other words than these: somebody was taken out of them.

        Or without any, where nobody can read them. Of others retention has dropped the words: one that comes again
        is heard.
        """
        found: list[str] = []
        async with self._database.reading() as connection:
            for piece in chunks(bodies, _AT_ONCE):
                kept = await _get(connection, piece)
                changed = (one for one in kept if one.body != bodies[one.id])
                found += [one.id for one in changed if one.body or one.reason in REASONS]
        return frozenset(found)

    async def due(
        self,
        org: str,
        limit: int = 500,
        *,
        first: Collection[str] = (),
        besides: Collection[str] = (),
        lane: Lane | None = None,
    ) -> list[Held]:
        """Those whose time has come, oldest first, but for `besides`; fewer than `limit` when they are large.

        Those of `first`, ids of this organisation, go before all others, which may have to be of one `lane`. They stay
        until `remove` or a call closing deletes them.
        """
        async with self._database.reading() as connection:
            now = await self._database.now(connection)
            asked = {"of": org, "at": now, "most": limit + len(besides)}
            due = _DUE if lane is None else _DUE.where(held.c.lane == lane.value)
            ids = (await connection.execute(due, asked)).scalars().all()
            if first:
                ids = [*(await connection.execute(_DUE_OF, {"at": now, "ids": list(first)})).scalars(), *ids]
            return await _some(connection, [one for one in dict.fromkeys(ids) if one not in besides][:limit])

    async def sweep_parents(self, lease: Lease) -> list[str]:
        """Release every child whose parent exists: due now. Returns their ids. Raises `LeaseLost`.

        Also one that was parked because it did not come in time.
        """
        return await sweep(self._database, lease)

    async def expire_parents(self, lease: Lease) -> list[Held]:
        """Park children that have waited for a day, naming the parent: some of them. Raises `LeaseLost`."""
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            values = {"of": lease.name, "before": now - _WAITS_FOR_PARENT, "most": _EXPIRE_LIMIT}
            overdue = [held_of(row) for row in (await connection.execute(_OVERDUE, values)).mappings()]
            if overdue:
                await connection.execute(_EXPIRE, [_expiry(child, now) for child in overdue])
            expired = await _get(connection, [child.id for child in overdue])
            await add_counts(connection, tally_held(expired, "parked"))
        return expired

    async def hasten(self, lease: Lease) -> None:
        """Make due what waits longer than anything is held, as a clock that was ahead made it. Raises `LeaseLost`."""
        await do_in_pages(self._database, partial(self._hasten, lease))

    async def _hasten(self, lease: Lease, connection: AsyncConnection) -> int:
        now = await fenced(self._database, connection, lease)
        far = {"of": lease.name, "longest": now + _LONGEST_HOLD}
        ids = (await connection.execute(_FAR, far)).scalars().all()
        return (await connection.execute(_HASTEN, {"ids": ids, "at": now})).rowcount if ids else 0

    async def awaited(self, org: str, reason: str) -> list[DocumentKey]:
        """The documents that events held for `reason` wait for."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_AWAITED, {"of": org, "why": reason})
            return [DocumentKey(*row) for row in rows.all()]

    async def release(self, lease: Lease, reason: str, parents: Iterable[DocumentKey]) -> int:
        """Make due what was held for `reason` and waits for a document of these entities. Raises `LeaseLost`."""
        released = 0
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            for asked in of_entities(parents):
                values = asked | {"of": lease.name, "why": reason, "at": now}
                released += (await connection.execute(_RELEASE_WAITING, values)).rowcount
        return released

    async def remove(self, lease: Lease, ids: Iterable[str], counts: Tally = NO_COUNTS) -> None:
        """These are done with, and the runs have `counts` of it. Unknown ids are no error. Raises `LeaseLost`."""
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            for piece in chunks(ids):
                await connection.execute(_REMOVE, {"ids": piece})
            await add_counts(connection, counts)

    async def get(self, held_id: str) -> Held | None:
        """One of them."""
        async with self._database.reading() as connection:
            return next(iter(await _get(connection, [held_id])), None)


async def _present_parents(connection: AsyncConnection, events: Sequence[Held]) -> frozenset[DocumentKey]:
    parents = {one.parent for one in events if one.state is HoldState.PARENT and one.parent is not None}
    return frozenset(await read_documents(connection, parents))


def _is_free(event: Held, present: frozenset[DocumentKey]) -> bool:
    return event.state is HoldState.PARENT and event.parent in present


async def _some(connection: AsyncConnection, ids: Sequence[str]) -> list[Held]:
    """These in their order, or as many of them as memory bears at once."""
    found: dict[str, Held] = {}
    for piece in chunks(ids, _AT_ONCE):
        found |= {one.id: one for one in await _get(connection, piece)}
        if sum(len(one.body) for one in found.values()) > _ENOUGH_BYTES:
            break
    return [found[one] for one in ids if one in found]


async def _get(connection: AsyncConnection, ids: Sequence[str]) -> list[Held]:
    return [held_of(row) for row in (await connection.execute(_GET, {"ids": ids})).mappings()] if ids else []


def _expiry(child: Held, now: datetime) -> dict[str, Any]:
    parent = child.parent
    named = "unknown" if parent is None else f"{parent.part} of {parent.entity} {parent.entity_id} of {parent.source}"
    waited_for = f"waited for the {named}, which did not come to Xero"
    return {"this": child.id, "at": now, "why": PARENT_MISSING, "what": waited_for, "tip": _MISSING_HINT}
