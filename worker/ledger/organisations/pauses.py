"""Which organisations, or kinds of their documents, are not being served, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import Kind
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import do_in_pages, give_way, pages
from worker.ledger.database.statements import among, chunks, upsert
from worker.ledger.database.tables import IS_PAUSED, held, pauses
from worker.ledger.organisations.leases import fenced, take_turns
from worker.ledger.records import KIND_PAUSED, HoldState, Lease, Pause

_WHOLE = ""
_CLEAR = delete(pauses).where(pauses.c.org == bindparam("of"), pauses.c.kind == bindparam("sort"))
_ONE = select(pauses.c.since, pauses.c.until).where(pauses.c.org == bindparam("of"), pauses.c.kind == bindparam("sort"))
_PAGE = 500
_APART = timedelta(hours=1)
"""A kind's pause that has been over for so long does not go on with another: its row stays until then."""

_AHEAD = timedelta(minutes=5)
"""A pause that begins so much later than now was begun by a clock that was ahead: it is over."""

_FOR_A_KIND = (HoldState.TIME.value, KIND_PAUSED)
_LONGEST_LAST = (held.c.until, held.c.id)
# held rows do not tell their kinds apart: those of another paused kind are held again
_PAUSED = select(*_LONGEST_LAST).where(IS_PAUSED)
_TOO_LONG = (
    select(held.c.id)
    .where(held.c.org == bindparam("within"), IS_PAUSED, held.c.until > bindparam("end"))
    .order_by(*_LONGEST_LAST)
    .limit(_PAGE)
)
# by the ids alone: with the other conditions PostgreSQL may read all of `ix_held_paused` for each page
_BY_IDS = among(held.c.id, "ids")
_LOOK = select(held.c.id, held.c.state, held.c.reason, held.c.until).where(_BY_IDS)
_SHORTEN = update(held).where(_BY_IDS).values(until=bindparam("end", type_=held.c.until.type))
_HAS_BEGUN = pauses.c.since <= bindparam("soon")
_LAST_END = select(func.max(pauses.c.until)).where(
    pauses.c.org == bindparam("of"), pauses.c.kind != _WHOLE, pauses.c.until > bindparam("at"), _HAS_BEGUN
)
_LASTS = or_(pauses.c.until.is_(None), pauses.c.until > bindparam("at"))
_DETAILS = select(pauses.c.detail).where(pauses.c.org == bindparam("of"), pauses.c.detail != "")
_CURRENT = (
    select(pauses)
    .where(pauses.c.org == bindparam("of"))
    .where(or_(pauses.c.kind == _WHOLE, and_(_LASTS, _HAS_BEGUN)))
    .order_by(pauses.c.kind)
)


class Pauses:
    """At most one pause per organisation and kind; the later replaces the earlier, and goes on where that lasts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, lease: Lease | None, pause: Pause) -> None:
        """Pause it. A worker passes its lease and may get `LeaseLost`; a person's command passes None."""
        async with self._database.transaction() as connection:
            if lease is not None:
                await fenced(self._database, connection, lease)
            before = (await connection.execute(_ONE, _place(pause))).one_or_none()
            row = _row(pause) | {"since": _since(pause, before)}
            await upsert(self._database.dialect, pauses, ("org", "kind")).run(connection, [row])

    async def clear(self, org: str, kind: Kind | None) -> None:
        """Go on. None is the organisation's own pause; those of its kinds stay. What waits for a kind is due now.

        It is made due a page at a time. Where that ends early, the organisation's worker finds the rest: see `shorten`.
        """
        async with self._database.transaction() as connection:
            await take_turns(connection, [org])
            await connection.execute(_CLEAR, {"of": org, "sort": kind.value if kind else _WHOLE})
            now = await self._database.now(connection)
        if kind is not None:
            # looked for once: what a worker holds again meanwhile, for another kind's pause, is not made due again
            rows = pages(self._database, _PAUSED.where(held.c.org == org), _LONGEST_LAST, behind=(now, ""))
            for ids in chunks([row["id"] async for row in rows], _PAGE):
                await self._make_due(org, ids)
                await give_way()

    async def shorten(self, lease: Lease) -> None:
        """Let nothing of the organisation wait for a kind beyond the last pause of a kind that there is now.

        Finds what a worker held for a pause that it did not know to be over, a page at a time. Raises `LeaseLost`.
        """
        await do_in_pages(self._database, partial(self._shorten, lease))

    async def _make_due(self, org: str, ids: Sequence[str]) -> None:
        async with self._database.transaction() as connection:
            await take_turns(connection, [org])
            now = await self._database.now(connection)
            rows = (await connection.execute(_LOOK, {"ids": ids})).all()
            waiting = [row.id for row in rows if (row.state, row.reason) == _FOR_A_KIND and row.until > now]
            await connection.execute(_SHORTEN, {"ids": waiting, "end": now})

    async def _shorten(self, lease: Lease, connection: AsyncConnection) -> int:
        now = await fenced(self._database, connection, lease)
        last = (await connection.execute(_LAST_END, _at(lease.name, now))).scalar_one()
        end = last or now
        ids = (await connection.execute(_TOO_LONG, {"within": lease.name, "end": end})).scalars().all()
        return (await connection.execute(_SHORTEN, {"ids": ids, "end": end})).rowcount if ids else 0

    async def current(self, org: str) -> list[Pause]:
        """The organisation's own first, until it is cleared, and those of its kinds that have not lapsed.

        The organisation's is tried again at its `until`, by a call that may take a minute: it is paused meanwhile.
        Where a clock that was ahead began it, that is now.
        """
        async with self._database.reading() as connection:
            values = _at(org, await self._database.now(connection))
            found = [_pause(row) for row in (await connection.execute(_CURRENT, values)).mappings()]
        return [one if one.since <= values["soon"] else replace(one, until=values["at"]) for one in found]

    async def details(self, org: str) -> list[str]:
        """What all of them say, those that have lapsed too: it may quote Xero, and Xero a customer."""
        async with self._database.reading() as connection:
            return list((await connection.execute(_DETAILS, {"of": org})).scalars())


def _at(org: str, now: datetime) -> dict[str, Any]:
    return {"of": org, "at": now, "soon": now + _AHEAD}


def _place(pause: Pause) -> dict[str, str]:
    return {"of": pause.org, "sort": pause.kind.value if pause.kind else _WHOLE}


def _since(pause: Pause, before: Row[tuple[datetime, datetime | None]] | None) -> datetime:
    """Since when all is paused without a break."""
    if before is None:
        return pause.since
    since, until = before
    is_over = pause.kind is not None and until is not None and until + _APART < pause.since
    return pause.since if is_over else min(since, pause.since)


def _row(pause: Pause) -> dict[str, Any]:
    return {
        "org": pause.org,
        "kind": pause.kind.value if pause.kind else _WHOLE,
        "reason": pause.reason,
        "detail": pause.detail,
        "since": pause.since,
        "until": pause.until,
    }


def _pause(row: Mapping[Any, Any]) -> Pause:
    kind = Kind(row["kind"]) if row["kind"] else None
    return Pause(row["org"], kind, row["reason"], row["detail"], row["since"], row["until"])
