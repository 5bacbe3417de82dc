"""What the calls were for, and how long their bodies are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.instants import instant
from worker.ledger.records import CallState, Purpose
from worker.ledger.spends import prune
from worker.ledger.tables import IS_PENDING, calls, discards
from worker.ledger.voids import drop_voids

_DAY_MICROS = 86_400_000_000
# a read whose worker died is of no use to anybody
_ABANDONED = timedelta(hours=1)
REPORT_REACHES = timedelta(days=400)
_DAY = (type_coerce(calls.c.opened_at, BigInteger) // _DAY_MICROS).label("day")
_GROUPS = (_DAY, calls.c.purpose, calls.c.endpoint, calls.c.status)
_USAGE = (
    select(
        *_GROUPS,
        func.count().label("calls"),
        func.sum(calls.c.tokens).label("requests"),
        func.sum(calls.c.documents).label("documents"),
    )
    .where(calls.c.org == bindparam("of"), calls.c.opened_at >= bindparam("since"))
    .group_by(*_GROUPS)
    .order_by(_DAY, calls.c.purpose, calls.c.endpoint, calls.c.status)
)
_CLOSED = calls.c.state == CallState.CLOSED.value
_DROP_BODIES = (
    update(calls)
    .where(_CLOSED, calls.c.closed_at < bindparam("before"), calls.c.members.is_not(None))
    # the questions of look-ups name contacts
    .values(body=None, members=None, params="{}", detail="")
)
_DROP_CALLS = delete(calls).where(_CLOSED, calls.c.closed_at < bindparam("before"))
_DROP_DISCARDS = delete(discards).where(discards.c.discarded_at < bindparam("before"))
_CLOSE_READS = (
    update(calls)
    .where(IS_PENDING, calls.c.purpose != Purpose.WRITE.value)
    .where(calls.c.opened_at < bindparam("before"))
    .values(state=CallState.CLOSED.value, closed_at=calls.c.opened_at)
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of one day (UTC) with the same purpose, endpoint (`Invoices`) and status (None: no answer).

    `requests` are what the cap is counted by: a call that is sent again, with the same key, is one more, and one that
    could not be sent counts.
    """

    day: date
    purpose: Purpose
    endpoint: str
    status: int | None
    calls: int
    requests: int
    documents: int


async def usage(connection: AsyncConnection, org: str, since: datetime) -> list[Usage]:
    """Counted by the day a call was opened; resends and retries are requests too."""
    rows = (await connection.execute(_USAGE, {"of": org, "since": since})).all()
    return [_usage(row) for row in rows]


async def purge(connection: AsyncConnection, now: datetime, retention_days: float) -> int:
    """Returns how many calls lost their body; the calls themselves stay for the report, some 13 months."""
    before = {"before": now - timedelta(days=retention_days)}
    await prune(connection, now)
    await connection.execute(_CLOSE_READS, {"before": now - _ABANDONED})
    await connection.execute(_DROP_DISCARDS, before)
    long_ago = now - max(REPORT_REACHES, timedelta(days=retention_days))
    await connection.execute(_DROP_CALLS, {"before": long_ago})
    await drop_voids(connection, long_ago)
    return (await connection.execute(_DROP_BODIES, before)).rowcount


def _usage(row: Any) -> Usage:
    day = instant(row.day * _DAY_MICROS).date()
    return Usage(day, Purpose(row.purpose), row.endpoint, row.status, row.calls, int(row.requests), int(row.documents))
