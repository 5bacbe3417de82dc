"""What the calls were for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.instants import instant
from worker.ledger.database.tables import calls
from worker.ledger.records import Purpose

_DAY_MICROS = 86_400_000_000
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


def _usage(row: Any) -> Usage:
    day = instant(row.day * _DAY_MICROS).date()
    return Usage(day, Purpose(row.purpose), row.endpoint, row.status, row.calls, int(row.requests), int(row.documents))
