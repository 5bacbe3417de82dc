"""What is parked because it is paid goes on when the store deletes the money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.statements import among, chunks, fetch
from worker.ledger.database.tables import documents, held
from worker.ledger.held.held_rows import held_of
from worker.ledger.personal import NOTHING
from worker.ledger.records import CANCELLED_PAID, Document, Held, HoldState

_IS_OF_ONE = (
    select(documents.c.org)
    .where(*(documents.c[name] == held.c[name] for name in ("org", "source", "entity", "entity_id")))
    .where(among(documents.c.xero_id, "ids"))
    .exists()
)
_RELEASE = (
    update(held)
    .where(held.c.org == bindparam("of"), held.c.state == HoldState.PERSON.value, held.c.reason == CANCELLED_PAID)
    .where(held.c.body != NOTHING, _IS_OF_ONE)
    .values(state=HoldState.TIME.value, until=bindparam("at", type_=held.c.until.type), state_since=bindparam("at"))
    .returning(held)
)


async def release_unpaid(
    connection: AsyncConnection, org: str, written: Iterable[Document], now: datetime
) -> list[Held]:
    """Make due what is parked as paid, of which one of these was a payment or an allocation; returns it."""
    released: list[Held] = []
    for ids in chunks(filter(None, (one.unpays for one in written))):
        rows = await fetch(connection, _RELEASE, {"of": org, "at": now, "ids": ids})
        released += [held_of(dict(zip(held.columns.keys(), row, strict=True))) for row in rows]
    return released
