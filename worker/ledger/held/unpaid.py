"""What is parked because something is paid goes on when the store deletes that money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.statements import among, chunks, fetch
from worker.ledger.database.tables import documents, held
from worker.ledger.database.types import NOTHING
from worker.ledger.held.children import IS_PARENT
from worker.ledger.held.held_rows import held_of
from worker.ledger.records import CANCELLED_PAID, DOCUMENT_PAID, EXCEEDS_DUE, Document, Held, HoldState

_IS_OF_ONE = (
    select(documents.c.org)
    .where(*(documents.c[name] == held.c[name] for name in ("org", "source", "entity", "entity_id")))
    .where(among(documents.c.xero_id, "ids"))
    .exists()
)
_IS_FOR_ONE = select(documents.c.org).where(IS_PARENT, among(documents.c.xero_id, "ids")).exists()
_IS_FREE = or_(
    and_(or_(held.c.reason == CANCELLED_PAID, held.c.reason == DOCUMENT_PAID), _IS_OF_ONE),
    and_(held.c.reason == EXCEEDS_DUE, _IS_FOR_ONE),
)
_RELEASE = (
    update(held)
    .where(held.c.org == bindparam("of"), held.c.state == HoldState.PERSON.value)
    .where(held.c.body != NOTHING, _IS_FREE)
    .values(state=HoldState.TIME.value, until=bindparam("at", type_=held.c.until.type), state_since=bindparam("at"))
    .returning(held)
)


async def release_unpaid(
    connection: AsyncConnection, org: str, written: Iterable[Document], now: datetime
) -> list[Held]:
    """Make due what is parked for the money that these, payments and allocations, were; returns it."""
    released: list[Held] = []
    for ids in chunks({freed for one in written for freed in one.unpays}):
        rows = await fetch(connection, _RELEASE, {"of": org, "at": now, "ids": ids})
        released += [held_of(dict(zip(held.columns.keys(), row, strict=True))) for row in rows]
    return released
