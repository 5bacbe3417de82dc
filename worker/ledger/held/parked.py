"""The events that wait for a person: found by what they are, sent on their way, or let go, always on record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.admin_actions import AdminAction, add, entity_subject
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import by_ids, pages
from worker.ledger.database.statements import among, chunks, insert
from worker.ledger.database.tables import discards, held
from worker.ledger.database.types import NOTHING
from worker.ledger.held.held_rows import held_of
from worker.ledger.held.on_their_way import is_on_its_way
from worker.ledger.held.succession import held_of_entities, outdates
from worker.ledger.organisations.leases import take_turns
from worker.ledger.records import Held, HoldState
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.runs.run_events import tally_let_go, tally_returned

_TIME, _PERSON = HoldState.TIME.value, HoldState.PERSON.value
_LISTED = [column for column in held.c if column.name != "body"]
_NEWEST_FIRST = (held.c.created_at.desc(), held.c.id)
_PAGE = 100

_PURGED_HINT = "its message was dropped after {:g} days: publish the entity again (xerelay sync-now), then discard this"
_BY_IDS = among(held.c.id, "ids")
_RETRY = (
    update(held)
    .where(_BY_IDS, held.c.body != NOTHING)
    .values(state=_TIME, attempt=0, until=bindparam("at", type_=held.c.until.type), state_since=bindparam("at"))
    .returning(*_LISTED)
)
# all that is parked is looked at: an index for it would cost more than that does once an hour
_WITH_MESSAGE = (held.c.state == _PERSON, held.c.body != NOTHING)
_PARKED = select(held.c.id, held.c.org, held.c.state_since).where(*_WITH_MESSAGE)
_PURGE = (
    update(held)
    .where(_BY_IDS, *_WITH_MESSAGE, held.c.state_since < bindparam("before"))
    .values(body=NOTHING, detail="", hint=bindparam("tip"))
)
_WHOLE = select(held).where(_BY_IDS)
_LOCKED = _WHOLE.with_for_update()
_WITHOUT_BODY = select(*_LISTED).where(_BY_IDS)
_REMOVE = delete(held).where(_BY_IDS)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which parked events. What is empty or None leaves all in; `ids` choose events that are held otherwise too.

    `since` counts from when an event first came.
    """

    organisations: tuple[str, ...] = ()
    reason: str = ""
    source: str = ""
    entity: str = ""
    since: datetime | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetGo:
    """The ids of what is discarded, and of what ought to be and is not: on its way, as after a retry.

    A worker may have that in memory, and asks nobody before it sends it.
    """

    gone: tuple[str, ...] = ()
    on_their_way: tuple[str, ...] = ()


class Parked:
    """Reads the list, and does with it what a person says."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self, chosen: Chosen, *, limit: int = 100, offset: int = 0) -> list[Held]:
        """Newest first, without their bodies."""
        # which they are `ix_held_waiting` tells, however many are parked
        ids = _those(select(held.c.id), chosen).order_by(*_NEWEST_FIRST).limit(limit).offset(offset)
        statement = select(*_LISTED).where(held.c.id.in_(ids)).order_by(*_NEWEST_FIRST)
        async with self._database.reading() as connection:
            return [held_of(row) for row in (await connection.execute(statement)).mappings()]

    async def newest(self, chosen: Chosen, *, limit: int) -> AsyncIterator[Held]:
        """The first of these rows, few in memory at a time."""
        statement = _those(select(held.c.id), chosen).order_by(*_NEWEST_FIRST).limit(limit)
        async with self._database.reading() as connection:
            ids = (await connection.execute(statement)).scalars().all()
        async for row in by_ids(self._database, _WITHOUT_BODY, ids):
            yield held_of(row)

    async def counts(self, chosen: Chosen) -> dict[tuple[str, str], int]:
        """How many, by organisation and reason, the most frequent first."""
        count = func.count().label("count")
        statement = _those(select(held.c.org, held.c.reason, count), chosen)
        statement = statement.group_by(held.c.org, held.c.reason).order_by(count.desc(), held.c.org, held.c.reason)
        async with self._database.reading() as connection:
            return {(org, reason): found for org, reason, found in (await connection.execute(statement)).all()}

    async def each(self, chosen: Chosen) -> AsyncIterator[Held]:
        """All of them with their bodies, oldest first, few in memory at a time."""
        ids = [one for one, _ in await self._found(chosen)]
        async for row in by_ids(self._database, _WHOLE, ids, size=_PAGE):
            yield held_of(row)

    async def retry(self, chosen: Chosen, *, who: str, reason: str = "") -> list[str]:
        """Try again: due now, attempts forgotten. Returns their ids; a purged message is none of them."""
        changed: list[str] = []
        for found in chunks(await self._found(chosen), _PAGE):
            ids, organisations = zip(*found, strict=True)
            async with self._database.transaction() as connection:
                await take_turns(connection, organisations)
                now = await self._database.now(connection)
                before = [held_of(row) for row in (await connection.execute(_LOCKED, {"ids": ids})).mappings()]
                rows = (await connection.execute(_RETRY, {"ids": ids, "at": now})).mappings().all()
                await add_counts(connection, tally_returned(one for one in before if _is_parked(one)))
                await self._record(connection, rows, "parked.retry", who=who, reason=reason, now=now)
                changed += [row["id"] for row in rows]
        return changed

    async def discard(self, chosen: Chosen, *, who: str, reason: str) -> LetGo:
        """Let them go for good, with what is held of the same entities up to their versions.

        What a worker may have in memory is left, and named. Messages are kept for the retention period, the record for
        ever.
        """
        gone: list[str] = []
        left: list[str] = []
        for found in chunks(await self._found(chosen), _PAGE):
            chosen_ids, organisations = zip(*found, strict=True)
            async with self._database.transaction() as connection:
                await take_turns(connection, organisations)
                now = await self._database.now(connection)
                ids, on_their_way = await _with_older(connection, chosen_ids, now)
                rows = (await connection.execute(_LOCKED, {"ids": ids})).mappings().all()
                await connection.execute(_REMOVE, {"ids": ids})
                await add_counts(connection, tally_let_go(map(held_of, rows)))
                if rows:
                    kept = insert(self._database.dialect, discards).on_conflict_do_nothing()
                    await connection.execute(kept, [_discarded(row, who, reason, now) for row in rows])
                await self._record(connection, rows, "parked.discard", who=who, reason=reason, now=now)
                gone += [row["id"] for row in rows]
                left += on_their_way
        return LetGo(tuple(gone), tuple(dict.fromkeys(left)))

    async def purge(self, retention_days: float) -> int:
        """Drop the messages of events parked longer ago: the rows stay, and say what to do. Returns how many."""
        async with self._database.reading() as connection:
            before = await self._database.now(connection) - timedelta(days=retention_days)
        rows = pages(self._database, _PARKED, (held.c.id,))
        old = [(row["id"], row["org"]) async for row in rows if row["state_since"] < before]
        purged = 0
        for page in chunks(old):
            ids, organisations = zip(*page, strict=True)
            async with self._database.transaction() as connection:
                await take_turns(connection, organisations)
                values = {"ids": ids, "before": before, "tip": _PURGED_HINT.format(retention_days)}
                purged += (await connection.execute(_PURGE, values)).rowcount
        return purged

    async def _found(self, chosen: Chosen) -> list[tuple[str, str]]:
        """Ids, each with its organisation."""
        statement = _those(select(held.c.id, held.c.org), chosen).order_by(held.c.created_at, held.c.id)
        async with self._database.reading() as connection:
            return [(one, org) for one, org in (await connection.execute(statement)).all()]

    async def _record(
        self, connection: AsyncConnection, rows: Sequence[Any], action: str, *, who: str, reason: str, now: datetime
    ) -> None:
        events = (held_of({name: row[name] for name in row if name != "body"}) for row in rows)
        done = [
            AdminAction(now, who, action, one.org, entity_subject(one.owner, one.event_id), reason) for one in events
        ]
        await add(connection, self._database.dialect, done)


def _those(statement: Select[Any], chosen: Chosen) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [held.c.id.in_(chosen.ids) if chosen.ids else held.c.state == _PERSON]
    if chosen.organisations:
        wanted.append(held.c.org.in_(chosen.organisations))
    if chosen.since is not None:
        wanted.append(held.c.created_at >= chosen.since)
    named = ("reason", "source", "entity")
    wanted += [held.c[name] == value for name in named if (value := getattr(chosen, name))]
    return statement.where(and_(*wanted))


async def _with_older(
    connection: AsyncConnection, ids: Sequence[str], now: datetime
) -> tuple[Sequence[str], Sequence[str]]:
    """These and what they outdate, for it would bring what a person has seen to; without, and then, what is on its way.

    What is on its way itself takes nothing along.
    """
    chosen = [held_of(row) for row in (await connection.execute(_WHOLE, {"ids": ids})).mappings()]
    going = [one for one in chosen if not is_on_its_way(one, now)]
    there = await held_of_entities(connection, {one.owner for one in going if one.owner})
    all_of_it = {one.id: one for one in [*chosen, *(one for one in there if any(outdates(by, one) for by in going))]}
    left = [one.id for one in all_of_it.values() if is_on_its_way(one, now)]
    return [one for one in all_of_it if one not in left], left


def _is_parked(one: Held) -> bool:
    """Whether the runs have it as such."""
    return one.state is HoldState.PERSON


def _discarded(row: Any, who: str, why: str, now: datetime) -> dict[str, Any]:
    kept = {name: row[name] for name in ("id", "org", "event_id", "reason", "body")}
    return kept | {"who": who, "why": why, "discarded_at": now}
