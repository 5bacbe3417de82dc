"""Held events whose parent document has come: found, and made due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import DocumentKey
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import give_way, pages
from worker.ledger.database.statements import KEY_COLUMNS, among, chunks, fetch, of_entities
from worker.ledger.database.tables import documents, held
from worker.ledger.database.types import NOTHING
from worker.ledger.held.held_rows import held_of
from worker.ledger.organisations.leases import fenced
from worker.ledger.records import PARENT_MISSING, Held, HoldState, Lease
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.runs.run_events import tally_returned

PARENT_COLUMNS = (
    held.c.org,
    held.c.parent_source,
    held.c.parent_entity,
    held.c.parent_entity_id,
    held.c.parent_part,
)
_PAGE = 500
_TIME, _PARENT, _PERSON = HoldState.TIME.value, HoldState.PARENT.value, HoldState.PERSON.value
_BY_IDS = among(held.c.id, "ids")
IS_PARENT = and_(*(documents.c[name] == column for name, column in zip(KEY_COLUMNS, PARENT_COLUMNS, strict=True)))
"""Whether a document is the parent of a held event."""

_HAS_PARENT = select(documents.c.org).where(IS_PARENT).exists()
_HAS_MESSAGE = held.c.body != NOTHING
_WAITS = held.c.state == _PARENT
_MISSED = and_(held.c.state == _PERSON, held.c.reason == PARENT_MISSING)
_RELEASE = (
    update(held)
    .where(or_(_WAITS, and_(_MISSED, _HAS_MESSAGE)), _HAS_PARENT)
    .values(state=_TIME, until=bindparam("at", type_=held.c.until.type), state_since=bindparam("at"))
)
_RELEASE_OF = _RELEASE.where(
    held.c.org == bindparam("of"),
    held.c.parent_source == bindparam("store"),
    held.c.parent_entity == bindparam("sort"),
    among(held.c.parent_entity_id, "ids"),
).returning(held)
_RELEASE_PAGE = _RELEASE.where(_BY_IDS).returning(held.c.id, held.c.hint)
_GET = select(held).where(_BY_IDS)
# `ix_held_waiting` has the order: the look at a page of many thousands keeps nobody waiting
_IN_ORDER = (held.c.created_at, held.c.reason, held.c.id)
# joined: PostgreSQL may read all documents into memory to answer an EXISTS beside each row
_LOOK = select(*_IN_ORDER, and_(_HAS_MESSAGE, documents.c.org.is_not(None)).label("is_free")).select_from(
    held.outerjoin(documents, IS_PARENT)
)


async def release_children(
    connection: AsyncConnection, org: str, parents: Iterable[DocumentKey], now: datetime
) -> list[Held]:
    """Make the organisation's children of these documents due, and return them. The documents are written before."""
    released: list[Held] = []
    for asked in of_entities(parents):
        rows = await fetch(connection, _RELEASE_OF, asked | {"of": org, "at": now})
        released += [held_of(dict(zip(held.columns.keys(), row, strict=True))) for row in rows]
    return released


def were_parked(released: Iterable[Held]) -> list[Held]:
    """Those of what was released that had waited for a person."""
    return [one for one in released if _was_parked(one.hint)]


async def sweep(database: Database, lease: Lease) -> list[str]:
    """Make every child due whose parent exists, a page at a time; returns their ids. Raises `LeaseLost`.

    They are looked for outside of what writes: others would wait for that, and lose their leases meanwhile. Each page
    is looked at again in the transaction that releases it, so what ends early leaves the rest to the next sweep.
    """
    async with database.transaction() as connection:
        await fenced(database, connection, lease)
    released: list[str] = []
    for ids in chunks(await _free_ones(database, lease.name), _PAGE):
        async with database.transaction() as connection:
            now = await fenced(database, connection, lease)
            released += await _release(connection, ids, now)
        await give_way()
    return released


async def _free_ones(database: Database, org: str) -> list[str]:
    found: list[str] = []
    for which in (_WAITS, _MISSED):
        rows = pages(database, _LOOK.where(held.c.org == org, which), _IN_ORDER)
        found += [row["id"] async for row in rows if row["is_free"]]
    return found


async def _release(connection: AsyncConnection, ids: Sequence[str], now: datetime) -> list[str]:
    rows = (await connection.execute(_RELEASE_PAGE, {"ids": ids, "at": now})).all()
    parked = [row.id for row in rows if _was_parked(row.hint)]
    if parked:
        whole = (await connection.execute(_GET, {"ids": parked})).mappings()
        await add_counts(connection, tally_returned(map(held_of, whole)))
    return [row.id for row in rows]


def _was_parked(hint: str) -> bool:
    """Who waits for a parent alone has no hint."""
    return bool(hint)
