"""What of calls, and of what people discarded, retention has outlived."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.calls.spends import prune
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import do_in_pages
from worker.ledger.database.statements import among
from worker.ledger.database.tables import IS_PENDING, calls, discards
from worker.ledger.records import CallState, Purpose
from worker.ledger.report import REPORT_REACHES
from worker.ledger.voids import drop_voids

_PAGE = 500
# a read whose worker died is of no use to anybody
_ABANDONED = timedelta(hours=1)
_CLOSE_READS = (
    update(calls)
    .where(IS_PENDING, calls.c.purpose != Purpose.WRITE.value)
    .where(calls.c.opened_at < bindparam("before"))
    .values(state=CallState.CLOSED.value, closed_at=calls.c.opened_at)
)


def _outlived(table: Any, since: Any) -> Select[Any]:
    """The ids of a page of it, oldest first; what another worker has in hand is its own."""
    statement = select(table.c.id).where(since < bindparam("before")).order_by(since).limit(_PAGE)
    return statement.with_for_update(skip_locked=True)


_OLD_DISCARDS = _outlived(discards, discards.c.discarded_at)
_DROP_DISCARDS = delete(discards).where(among(discards.c.id, "ids"))
_OLD_CALLS = _outlived(calls, calls.c.closed_at).where(calls.c.state == CallState.CLOSED.value)
_OF_ITS_ORG = calls.alias()
# who opened one last asks for it: a clock that is ahead makes all of them old at once, but empties them first
_OLD_BUT_LAST = _OLD_CALLS.where(
    calls.c.members.is_(None),
    calls.c.opened_at
    < select(func.max(_OF_ITS_ORG.c.opened_at)).where(_OF_ITS_ORG.c.org == calls.c.org).scalar_subquery(),
)
_DROP_CALLS = delete(calls).where(among(calls.c.id, "ids"))
_OLD_BODIES = _OLD_CALLS.where(calls.c.members.is_not(None))
# the questions of look-ups name contacts
_DROP_BODIES = update(calls).where(among(calls.c.id, "ids")).values(body=None, members=None, params="{}", detail="")


async def purge(database: Database, retention: timedelta) -> int:
    """Returns how many calls lost their body; the calls themselves stay for the report, some 13 months.

    They go when an earlier purge has taken their bodies. Of each organisation the last one stays, however old it is:
    see `LastCall`.
    """
    long = max(REPORT_REACHES, retention)
    async with database.transaction() as connection:
        now = await database.now(connection)
        await prune(connection, now)
        await connection.execute(_CLOSE_READS, {"before": now - _ABANDONED})
        await drop_voids(connection, now - long)
    await do_in_pages(database, partial(_drop_page, _OLD_DISCARDS, _DROP_DISCARDS, now - retention))
    await do_in_pages(database, partial(_drop_page, _OLD_BUT_LAST, _DROP_CALLS, now - long))
    return await do_in_pages(database, partial(_drop_page, _OLD_BODIES, _DROP_BODIES, now - retention))


async def _drop_page(outlived: Select[Any], drop: Any, before: datetime, connection: AsyncConnection) -> int:
    ids = (await connection.execute(outlived, {"before": before})).scalars().all()
    if ids:
        await connection.execute(drop, {"ids": ids})
    return len(ids)
